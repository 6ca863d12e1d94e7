import type { Cluster, KubeConfig, User } from '@kubernetes/client-node';
import type { ApiConnection } from './api-client.js';

export interface KubeconfigChoice {
  /** A file; `default`: as kubectl finds it, by `KUBECONFIG` or `~/.kube/config`; `in-cluster`: the Pod's service account. */
  readonly from: { readonly file: string } | 'default' | 'in-cluster';
  /** `null`: the current one. */
  readonly context: string | null;
}

/**
 * Finds out which API server, and as whom, by the official client's rules. The client is loaded here and nowhere
 * else: it is large, and an optional dependency. A server of `http://` is taken, and gets no credentials.
 * @throws {Error} with one clear message if the client is not installed or the file cannot be used
 */
export async function loadKubeconfig({ from, context }: KubeconfigChoice): Promise<ApiConnection> {
  const config = await newKubeConfig();
  const name = typeof from === 'string' ? from : from.file;
  try {
    if (from === 'in-cluster') loadServiceAccount(config);
    else if (from === 'default') config.loadFromDefault();
    else config.loadFromFile(from.file);
  } catch (error) {
    throw new Error(`kubeconfig ${name}: ${(error as Error).message}`, { cause: error });
  }
  if (context !== null) {
    if (config.getContextObject(context) === null) throw new Error(unknownContext(name, context, config));
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`kubeconfig ${name}: no context is chosen: pass --context`);
  const { server } = cluster;
  if (!isPlain(server)) return { server, authorize: (options) => config.applyToHTTPSOptions(options) };
  const user = config.getCurrentUser();
  const anonymous = await newKubeConfig();
  anonymous.loadFromClusterAndUser(plainCluster(cluster), anonymousUser(user));
  return {
    server,
    authorize: (options) => anonymous.applyToHTTPSOptions(options),
    ...(hasCredentials(user)
      ? { hint: `the credentials of user "${user?.name}" are not sent over http` }
      : {}),
  };
}

/** Whether everybody on the way can read along. */
function isPlain(server: string): boolean {
  return /^http:/i.test(server);
}

/**
 * Of a cluster without TLS, as `kubectl proxy` serves it, only where it is. The client takes plain HTTP only from
 * who waives the check of certificates, of which there are none.
 */
function plainCluster({ name, server, proxyUrl }: Cluster): Cluster {
  const plain = { name, server: server.replace(/^http:/i, 'http:'), skipTLSVerify: true };
  return proxyUrl === undefined ? plain : { ...plain, proxyUrl };
}

/** As with kubectl (client-go's clientcmd), no credentials go over plain HTTP; only who is to be impersonated does. */
function anonymousUser(user: User | null): User {
  const { name = 'anonymous', impersonateUser } = user ?? {};
  return impersonateUser === undefined ? { name } : { name, impersonateUser };
}

function hasCredentials(user: User | null): boolean {
  if (user === null) return false;
  const { token, username, certData, certFile, exec, authProvider } = user;
  return [token, username, certData, certFile, exec, authProvider].some(Boolean);
}

function loadServiceAccount(config: KubeConfig): void {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (!host || !port) throw new Error('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set');
  config.loadFromCluster();
}

function unknownContext(name: string, context: string, config: KubeConfig): string {
  const known = config.getContexts().map((each) => each.name);
  const list = known.length === 0 ? 'there is none' : `there are ${known.join(', ')}`;
  return `kubeconfig ${name}: no context is named "${context}" (${list})`;
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
