/** A way to the kernel that is quicker than a process for each transaction. */

/** What became of a transaction. */
export type ChannelAnswer =
  | { readonly outcome: 'committed' }
  /** Nothing of it is in force; what nft said. */
  | { readonly outcome: 'refused'; readonly output: string }
  /** It did not get as far as nft. */
  | { readonly outcome: 'not tried' }
  /** All of it is in force, or nothing. */
  | { readonly outcome: 'unknown'; readonly reason: string };

export interface NftChannel {
  /** It takes no transactions any more. */
  readonly isOver: boolean;
  /** Gives nft one transaction. Calls must not overlap. */
  run(text: string): Promise<ChannelAnswer>;
  /** Ends it. The transaction that is on its way, if any, is answered `unknown`. */
  close(): void;
}
