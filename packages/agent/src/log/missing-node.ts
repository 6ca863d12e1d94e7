import type { ClusterState } from '@shunt/model';
import type { NodeOptions } from '../sync/node-watch.js';
import type { Log } from './log.js';
import { StandingProblem } from './standing-problem.js';

/** How many of the Nodes that there are instead are named. */
const MOST_NAMED = 5;

/**
 * Says when the agent's Node is not among the objects. Rules are written all the same, for a Node may come late; but
 * with a name that was misspelt no endpoint is local, and nothing else would tell.
 */
export class MissingNode {
  readonly #node: NodeOptions;
  readonly #problem: StandingProblem;

  constructor(node: NodeOptions, log: Log) {
    this.#node = node;
    this.#problem = new StandingProblem(log, `Node ${node.name} is there now`, 'warn');
  }

  look(state: ClusterState): void {
    const { name, addresses } = this.#node;
    if (state.node(name) !== undefined) {
      this.#problem.over();
      return;
    }
    const from = addresses.length === 0 ? 'the addresses of interfaces' : 'the addresses that were given';
    const meaning = `the rules are made with ${from}, and only endpoints on "${name}" are local`;
    this.#problem.met(`no Node is named "${name}"${known(state)}: ${meaning}`);
  }
}

function known(state: ClusterState): string {
  const names = state.list('Node').map(({ metadata }) => metadata.name);
  if (names.length === 0) return '';
  const more = names.length > MOST_NAMED ? ', ...' : '';
  return ` (known: ${names.sort().slice(0, MOST_NAMED).join(', ')}${more})`;
}
