/** What went through one service port, or to one backend. */
export interface FlowCounts {
  /** Flows that began. */
  readonly flows: number;
  /** Packets of clients, the first of each flow included. */
  readonly packets: number;
  readonly replies: number;
  /** Of service ports only: packets that their frontends refused. */
  readonly refused: number;
}
