import { parseCidrList } from '@shunt/compiler';
import {
  type Address,
  check,
  cidr,
  type Diagnostic,
  type Mode,
  parseAddress,
  parseDocuments,
  type SourceDocument,
} from '@shunt/model';
import type { SourceFile } from '../input/read-sources.js';
import type { Configuration, ConfigurationDocument, ModeSection } from './configuration.js';
import { configurationProblems } from './configuration-rules.js';
import { CONFIGURATION_API, CONFIGURATION_KIND, configurationShape } from './configuration-shape.js';
import { parseDuration } from './duration.js';

export interface ReadConfiguration {
  /** `null` when there are errors. */
  readonly configuration: Configuration | null;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads the one KubeProxyConfiguration of a file; what else kubeadm keeps in there is passed over with
 * a warning. All problems come back at once, with positions.
 */
export function readConfiguration({ file, text }: SourceFile): ReadConfiguration {
  const parsed = parseDocuments(file, text);
  const diagnostics: Diagnostic[] = [...parsed.diagnostics];
  const documents = parsed.documents.filter((it) => kindOf(it) === CONFIGURATION_KIND);
  const [document, second] = documents;
  for (const other of parsed.documents) {
    if (documents.length > 0 && kindOf(other) !== CONFIGURATION_KIND) diagnostics.push(otherKind(other));
  }
  if (second !== undefined) {
    const message = `a second ${CONFIGURATION_KIND}: expected one in the file`;
    diagnostics.push({ severity: 'error', code: 'config', message, position: second.locate() });
  }
  if (document === undefined) {
    if (!diagnostics.some(isError)) diagnostics.push(noConfiguration(file, parsed.documents));
    return { configuration: null, diagnostics };
  }
  diagnostics.push(...checkDocument(document));
  const configuration = diagnostics.some(isError) ? null : toConfiguration(document);
  return { configuration, diagnostics };
}

function checkDocument(document: SourceDocument): Diagnostic[] {
  const { apiVersion } = document.value as { readonly apiVersion?: unknown };
  if (typeof apiVersion === 'string' && apiVersion !== CONFIGURATION_API) {
    const message = `expected apiVersion ${CONFIGURATION_API}, got ${apiVersion}`;
    return [{ severity: 'error', code: 'unsupported', message, position: document.locate(['apiVersion']) }];
  }
  const diagnostics = check(configurationShape, document.value, { document });
  if (diagnostics.some(isError)) return diagnostics;
  return [...diagnostics, ...configurationProblems(document.value as ConfigurationDocument, document)];
}

function toConfiguration(document: SourceDocument): Configuration {
  const value = document.value as ConfigurationDocument;
  const nodePorts = value.nodePortAddresses ?? [];
  const primary = nodePorts[0] === 'primary';
  return {
    mode: value.mode ?? '',
    clusterCIDRs: parseCidrList(value.clusterCIDR ?? ''),
    detectLocalMode: value.detectLocalMode || 'ClusterCIDR',
    nodePortAddresses: nodePorts.length === 0 ? null : primary ? 'primary' : nodePorts.map(cidr),
    hostnameOverride: value.hostnameOverride || null,
    serviceProxyName: value.serviceProxyName || null,
    bindAddress: specifiedAddress(value.bindAddress),
    masqueradeAll: {
      iptables: value.iptables?.masqueradeAll ?? false,
      nftables: value.nftables?.masqueradeAll ?? false,
    },
    localhostNodePorts: value.iptables?.localhostNodePorts ?? true,
    masqueradeBit: ofModes(value, ({ masqueradeBit }) => masqueradeBit ?? null),
    syncSeconds: ofModes(value, ({ syncPeriod }) => parseDuration(syncPeriod ?? '0') || null),
    minSyncSeconds: ofModes(value, ({ minSyncPeriod }) => parseDuration(minSyncPeriod ?? '0') || null),
    healthzBindAddress: value.healthzBindAddress || null,
    metricsBindAddress: value.metricsBindAddress || null,
    kubeconfig: value.clientConnection?.kubeconfig || null,
    locate: (path) => document.locate(path),
  };
}

function ofModes<Value>(
  { iptables, nftables }: ConfigurationDocument,
  read: (section: ModeSection) => Value,
): Readonly<Record<Mode, Value>> {
  return { iptables: read(iptables ?? {}), nftables: read(nftables ?? {}) };
}

// 0.0.0.0 and :: stand for "all", and name no address.
function specifiedAddress(text: string | null | undefined): Address | null {
  const address = parseAddress(text ?? '');
  return address === 0 || address === 0n ? null : address;
}

function kindOf({ value }: SourceDocument): unknown {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
}

function otherKind(document: SourceDocument): Diagnostic {
  const kind = kindOf(document);
  const what = typeof kind === 'string' ? `a ${kind}` : 'a document without a kind';
  const message = `${what} is ignored: only the ${CONFIGURATION_KIND} is read`;
  return { severity: 'warning', code: 'unknown-kind', message, position: document.locate(['kind']) };
}

function noConfiguration(file: string, documents: readonly SourceDocument[]): Diagnostic {
  const [first] = documents;
  const position = first === undefined ? { file, line: 1, column: 1 } : first.locate(['kind']);
  const kind = first === undefined ? undefined : kindOf(first);
  if (kind === 'ConfigMap') {
    const message = `expected a ${CONFIGURATION_KIND}, got the ConfigMap around it: pass its data, kubectl -n kube-system get configmap kube-proxy -o jsonpath='{.data.config\\.conf}'`;
    return { severity: 'error', code: 'config', message, position };
  }
  const found = first === undefined ? 'an empty file' : typeof kind === 'string' ? `kind ${kind}` : 'no kind';
  const message = `expected a ${CONFIGURATION_KIND} (${CONFIGURATION_API}), got ${found}`;
  return { severity: 'error', code: 'config', message, position };
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}
