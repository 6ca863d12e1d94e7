import type { KubeConfig } from '@kubernetes/client-node';
import type { ApiConnection } from './api-client.js';

export interface KubeconfigChoice {
  /** `null`: as kubectl finds it: `KUBECONFIG`, `~/.kube/config`, else the Pod's service account. */
  readonly path: string | null;
  /** `null`: the current one. */
  readonly context: string | null;
}

/**
 * Finds out which API server, and as whom, by the official client's rules. The client is loaded here and nowhere
 * else: it is large, and an optional dependency.
 * @throws {Error} with one clear message if the client is not installed or the file cannot be used
 */
export async function loadKubeconfig({ path, context }: KubeconfigChoice): Promise<ApiConnection> {
  const config = await newKubeConfig();
  const name = path ?? 'kubeconfig';
  try {
    if (path === null) config.loadFromDefault();
    else config.loadFromFile(path);
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
  if (context !== null) {
    if (config.getContextObject(context) === null) throw new Error(unknownContext(name, context, config));
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`${name}: no context is chosen: pass --context`);
  return { server: cluster.server, authorize: (options) => config.applyToHTTPSOptions(options) };
}

function unknownContext(name: string, context: string, config: KubeConfig): string {
  const known = config.getContexts().map((each) => each.name);
  const list = known.length === 0 ? 'there is none' : `there are ${known.join(', ')}`;
  return `${name}: no context is named "${context}" (${list})`;
}

async function newKubeConfig(): Promise<KubeConfig> {
  try {
    const client = await import('@kubernetes/client-node');
    return new client.KubeConfig();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const message = 'following an API server needs the package @kubernetes/client-node: npm install it';
    throw new Error(message, { cause: error });
  }
}
