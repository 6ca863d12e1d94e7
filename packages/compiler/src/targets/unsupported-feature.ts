/** What a target cannot say of a ruleset. */

/** A ruleset asks for something that a target's capability table says it lacks. */
export class UnsupportedFeatureError extends Error {
  override readonly name = 'UnsupportedFeatureError';
  /**
   * @param target - as `--target` names it
   * @param feature - the row of the capability table
   * @param detail - what in the ruleset asks for it, and what would be right
   */
  constructor(
    readonly target: string,
    readonly feature: string,
    detail: string,
  ) {
    super(`the ${target} target does not support ${feature}: ${detail}`);
  }
}
