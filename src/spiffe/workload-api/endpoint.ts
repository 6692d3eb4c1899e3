import { isIP } from 'node:net';
import { FeaturesealError } from '../../error.ts';

/** Where a Workload API is served. */
export interface Endpoint {
  /** As it was configured; for messages. */
  readonly address: string;
  /** The same in gRPC's naming. */
  readonly target: string;
}

export interface AddressSources {
  /** Explicit configuration; it wins. */
  readonly configured?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const variable = 'SPIFFE_ENDPOINT_SOCKET';
const example = 'unix:///spiffe-workload-api/spire-agent.sock';

/** sockaddr_un holds 108 bytes on Linux, the last of them a NUL. */
const maxSocketPathBytes = 107;

/** An absolute path of RFC 3986 characters that stand for themselves: no percent-encoding, so no two readings. */
const socketPath = /^(\/[A-Za-z0-9._~!$&'()*+,;=:@-]+)+$/;

/** The address to use, not yet parsed (SPIFFE Workload Endpoint section 4: configuration first, then the environment). */
export function workloadApiAddress({ configured, env }: AddressSources): string {
  const address = configured ?? env[variable];
  if (address !== undefined && address !== '') return address;
  throw invalid(
    `no address of a Workload API is known: give --socket or set ${variable}, for example to ${example}`,
  );
}

/**
 * Parses a Workload API address (SPIFFE Workload Endpoint section 4): `unix:///absolute/path` or `tcp://IP:port`.
 * TCP is understood but refused unless `allowTcp`: on a network anybody may answer and hand out an identity.
 */
export function parseEndpoint(address: string, { allowTcp = false } = {}): Endpoint {
  if (address.startsWith('unix:')) return { address, target: unixTarget(address) };
  if (!address.startsWith('tcp:'))
    throw invalid(`${quoted(address)} is not a Workload API address; ${wanted}`);
  const target = tcpTarget(address);
  if (!allowTcp)
    throw invalid(`${quoted(address)} is TCP, which cannot tell who answers; use a socket, as ${example}`);
  return { address, target };
}

const wanted = `it looks like ${example}`;

function unixTarget(address: string): string {
  if (!address.startsWith('unix://'))
    throw invalid(`${quoted(address)} lacks the two slashes of unix://; ${wanted}`);
  const path = address.slice('unix://'.length);
  if (!path.startsWith('/')) throw invalid(`${quoted(address)} does not name an absolute path; ${wanted}`);
  if (!socketPath.test(path)) {
    throw invalid(
      `${quoted(address)} has a query, a fragment, an empty segment or an unusual character; ${wanted}`,
    );
  }
  if (Buffer.byteLength(path) > maxSocketPathBytes) {
    throw invalid(
      `the socket path of ${quoted(address)} is longer than ${maxSocketPathBytes} bytes, the limit of sockets`,
    );
  }
  return address;
}

function tcpTarget(address: string): string {
  const match = /^tcp:\/\/(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([1-9][0-9]{0,4})$/.exec(address);
  const [, ipv6 = '', ipv4 = '', port = ''] = match ?? [];
  if (Number(port) > 65535 || (isIP(ipv4) !== 4 && isIP(ipv6) !== 6)) {
    throw invalid(`${quoted(address)} is not tcp://IP:port with an IP address and nothing else; ${wanted}`);
  }
  return ipv6 === '' ? `ipv4:${ipv4}:${port}` : `ipv6:[${ipv6}]:${port}`;
}

/** The address is somebody's typing: shown as JSON, so that control characters stay harmless. */
function quoted(address: string): string {
  return JSON.stringify(address.slice(0, 200));
}

function invalid(message: string): FeaturesealError {
  return new FeaturesealError({ code: 'socket-invalid', message });
}
