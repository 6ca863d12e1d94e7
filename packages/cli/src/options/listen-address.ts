import type { ListenAddress } from '@shunt/agent';
import { parseAddress } from '@shunt/model';

const MAX_PORT = 65_535;

/**
 * Reads `10.0.0.1:80`, `[::1]:80`, or an address alone.
 * @param port - for an address alone
 * @returns `null` for another text; 0.0.0.0 and :: are every address of both families
 */
export function parseListen(text: string, port: number): ListenAddress | null {
  const bare = parseAddress(text);
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text);
  const host = bare === null ? (match?.groups?.v6 ?? match?.groups?.v4) : text;
  const address = bare ?? parseAddress(host ?? '');
  const number = bare === null ? Number(match?.groups?.port) : port;
  if (host === undefined || address === null || number > MAX_PORT) return null;
  return { host: address === 0 || address === 0n ? '' : host, port: number };
}
