/** JSON lines to packets: `{"protocol", "from", "fromPort"?, "to", "port"}`, one a line. */
import {
  check,
  type Diagnostic,
  familyOf,
  type Packet,
  parseAddress,
  parseDocuments,
  parseProtocol,
  type SourceDocument,
  shape,
} from '@shunt/model';
import type { SourceFile } from './read-sources.js';

interface PacketLine {
  readonly protocol: string;
  readonly from: string;
  readonly fromPort?: number | null;
  readonly to: string;
  readonly port?: number | null;
}

const port = shape.integer(0, 65_535);
const packetShape = shape.object(
  {
    protocol: shape.text('TCP, UDP, SCTP or ICMP', (text) => parseProtocol(text) !== null),
    from: shape.ipAddress(),
    fromPort: port,
    to: shape.ipAddress(),
    port,
  },
  { required: ['protocol', 'from', 'to'] },
);

export interface ReadPackets {
  readonly packets: readonly Packet[];
  /** Errors only; all of the file at once. */
  readonly diagnostics: readonly Diagnostic[];
}

export function readPackets({ file, text }: SourceFile): ReadPackets {
  const packets: Packet[] = [];
  const diagnostics: Diagnostic[] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === '') return;
    const { packet, problems } = readLine(file, line);
    if (packet !== null) packets.push(packet);
    // Each line was read as a text of its own: its line 1 is this one.
    diagnostics.push(...problems.map((it) => atLine(it, file, index)));
  });
  if (packets.length === 0 && diagnostics.length === 0) {
    const position = { file, line: 1, column: 1 };
    diagnostics.push({
      severity: 'error',
      code: 'empty',
      message: 'no packets: expected JSON lines',
      position,
    });
  }
  return { packets, diagnostics };
}

function readLine(file: string, line: string): { packet: Packet | null; problems: readonly Diagnostic[] } {
  const quick = quickRead(line);
  if (quick !== null) return { packet: quick, problems: [] };
  // Named .json, so that what is no JSON is not taken for YAML.
  const { documents, diagnostics } = parseDocuments(`${file}.json`, line);
  const [document] = documents;
  if (document === undefined) return { packet: null, problems: diagnostics };
  const problems = [
    ...diagnostics,
    ...check(packetShape, document.value, { document, unknownFields: 'error' }),
  ];
  if (problems.length > 0) return { packet: null, problems };
  const written = document.value as PacketLine;
  const problem = meaningProblem(written, document);
  return problem === null ? { packet: toPacket(written), problems } : { packet: null, problems: [problem] };
}

/** The good case without documents and positions; `null` when the line wants a closer look. */
function quickRead(line: string): Packet | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (check(packetShape, value, { unknownFields: 'error' }).length > 0) return null;
  const written = value as PacketLine;
  return meaningOf(written) === null ? toPacket(written) : null;
}

function meaningProblem(written: PacketLine, document: SourceDocument): Diagnostic | null {
  const problem = meaningOf(written);
  if (problem === null) return null;
  return {
    severity: 'error',
    code: 'value',
    message: problem.message,
    position: document.locate([problem.field]),
  };
}

function meaningOf({
  protocol,
  from,
  to,
  port: number,
}: PacketLine): { field: string; message: string } | null {
  const [source, destination] = [parseAddress(from), parseAddress(to)];
  if (source === null || destination === null) return { field: 'to', message: 'expected IP addresses' };
  if (familyOf(source) !== familyOf(destination)) {
    return { field: 'to', message: `expected an ${familyOf(source)} address, as "from" is one, got ${to}` };
  }
  const isICMP = parseProtocol(protocol) === 'ICMP';
  if (!isICMP && number == null)
    return { field: 'protocol', message: `"port" is missing: a ${protocol.toUpperCase()} packet needs one` };
  return null;
}

function toPacket({ protocol, from, fromPort, to, port: number }: PacketLine): Packet {
  const parsed = parseProtocol(protocol) ?? 'TCP';
  return {
    protocol: parsed,
    source: parseAddress(from) ?? 0,
    ...(fromPort == null || parsed === 'ICMP' ? {} : { sourcePort: fromPort }),
    destination: parseAddress(to) ?? 0,
    destinationPort: parsed === 'ICMP' ? 0 : (number ?? 0),
  };
}

function atLine(diagnostic: Diagnostic, file: string, index: number): Diagnostic {
  return { ...diagnostic, position: { file, line: index + 1, column: diagnostic.position?.column ?? 1 } };
}
