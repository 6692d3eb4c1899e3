import { describe, expect, test } from '@jest/globals';
import { parseEndpoint, workloadApiAddress } from '../../../../src/spiffe/workload-api/endpoint.ts';

describe('the address of the Workload API', () => {
  const env = { SPIFFE_ENDPOINT_SOCKET: 'unix:///from/environment.sock' };

  test('is the configured one, else the one of the environment', () => {
    expect(workloadApiAddress({ configured: 'unix:///a.sock', env })).toBe('unix:///a.sock');
    expect(workloadApiAddress({ env })).toBe('unix:///from/environment.sock');
    expect(workloadApiAddress({ configured: undefined, env })).toBe('unix:///from/environment.sock');
    expect(() => workloadApiAddress({ configured: '', env })).toThrow('no address');
  });

  test.each([{ env: {} }, { env: { SPIFFE_ENDPOINT_SOCKET: '' } }])(
    'is asked for where $env names none',
    (sources) => {
      expect(() => workloadApiAddress(sources)).toThrow(
        expect.objectContaining({
          code: 'socket-invalid',
          message: expect.stringContaining('SPIFFE_ENDPOINT_SOCKET, for example to unix:///'),
        }),
      );
    },
  );
});

describe('an endpoint', () => {
  test.each(['unix:///a.sock', "unix:///-._~!$&'()*+,;=:@/Az09", `unix:///${'a'.repeat(106)}`])(
    'at %s is a socket',
    (address) => {
      expect(parseEndpoint(address)).toEqual({ address, target: address });
    },
  );

  test.each([
    ['tcp://127.0.0.1:8081', 'ipv4:127.0.0.1:8081'],
    ['tcp://[::1]:8081', 'ipv6:[::1]:8081'],
    ['tcp://[2001:DB8::ffff:192.0.2.1]:1', 'ipv6:[2001:DB8::ffff:192.0.2.1]:1'],
    ['tcp://10.20.30.255:65535', 'ipv4:10.20.30.255:65535'],
  ])('at %s is used only where TCP is allowed', (address, target) => {
    expect(parseEndpoint(address, { allowTcp: true })).toEqual({ address, target });
    expect(() => parseEndpoint(address)).toThrow(
      expect.objectContaining({ code: 'socket-invalid', message: expect.stringContaining('is TCP') }),
    );
  });

  test.each([
    ['/run/spire/agent.sock', 'is not a Workload API address'],
    ['', 'is not a Workload API address'],
    ['http://localhost', 'is not a Workload API address'],
    ['UNIX:///a.sock', 'is not a Workload API address'],
    ['unix:/a.sock', 'lacks the two slashes'],
    ['unix:a.sock', 'lacks the two slashes'],
    ['unix://', 'does not name an absolute path'],
    ['unix://host/a.sock', 'does not name an absolute path'],
    ['unix://a.sock', 'does not name an absolute path'],
    ['unix:///', 'unusual character'],
    ['unix:////a.sock', 'empty segment'],
    ['unix:///a.sock/', 'empty segment'],
    ['unix:///a.sock?x=1', 'query'],
    ['unix:///a.sock#x', 'fragment'],
    ['unix:///a%2fb.sock', 'unusual character'],
    ['unix:///a b.sock', 'unusual character'],
    ['unix:///a\n.sock', 'unusual character'],
    [`unix:///${'a'.repeat(107)}`, 'longer than 107 bytes'],
    ['tcp://localhost:80', 'with an IP address'],
    ['tcp://127.0.0.1', 'with an IP address'],
    ['tcp://127.0.0.1:0', 'with an IP address'],
    ['tcp://127.0.0.1:65536', 'with an IP address'],
    ['tcp://127.0.0.1:080', 'with an IP address'],
    ['tcp://127.0.0.1:123456', 'with an IP address'],
    ['xtcp://127.0.0.1:80', 'is not a Workload API address'],
    ['tcp:127.0.0.1:80', 'with an IP address'],
    ['tcp://:80', 'with an IP address'],
    ['tcp:/tcp://127.0.0.1:80', 'with an IP address'],
    ['tcp://127.0.0.1:80/path', 'with an IP address'],
    ['tcp://user@127.0.0.1:80', 'with an IP address'],
    ['tcp://127.0.0.256:80', 'with an IP address'],
    ['tcp://::1:80', 'with an IP address'],
    ['tcp://[127.0.0.1]:80', 'with an IP address'],
  ])('is not %j', (address, reason) => {
    expect(() => parseEndpoint(address, { allowTcp: true })).toThrow(
      expect.objectContaining({ code: 'socket-invalid', message: expect.stringContaining(reason) }),
    );
  });

  test('shows the first 200 characters of what was typed', () => {
    expect(() => parseEndpoint('y'.repeat(1000))).toThrow(`"${'y'.repeat(200)}" is not`);
  });

  test('shows the right form to who got it wrong, on one line', () => {
    expect(() => parseEndpoint('/run/agent.sock\n')).toThrow(
      /^[^\n]*unix:\/\/\/spiffe-workload-api\/spire-agent.sock$/,
    );
  });
});
