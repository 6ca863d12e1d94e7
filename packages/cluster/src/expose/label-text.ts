export type Labels = Readonly<Record<string, string>>;

/**
 * Reads labels as `--labels` and `--selector` are typed, `app=web,tier=front`: of a key that is written
 * twice the last value holds. A key is not checked, so that `a!=b` is the label `a!`, which the API
 * server refuses. Source: pkg/cmd/expose/expose.go, parseLabels.
 * @param text - not empty
 */
export function parseLabelText(
  text: string,
): { readonly labels: Labels } | { readonly labels: null; readonly message: string } {
  const pairs: [string, string][] = [];
  for (const part of text.split(',')) {
    const [key, value, ...more] = part.split('=');
    if (key === undefined || value === undefined || more.length > 0) {
      return { labels: null, message: `unexpected label spec: ${part}` };
    }
    if (key === '') return { labels: null, message: 'unexpected empty label key' };
    pairs.push([key, value]);
  }
  return { labels: Object.fromEntries(pairs) };
}
