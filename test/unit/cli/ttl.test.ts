import { describe, expect, test } from '@jest/globals';
import { runCommandLine } from '../../support/cli-context.ts';

const ttl = (...args: readonly string[]) => runCommandLine(['ttl', ...args]);

describe('featureseal ttl', () => {
  test('says as JSON what to set, for both ways, and what breaks first', async () => {
    const { status, out } = await ttl('--offline', '3d', '-o', 'json');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      offline: '72h',
      ways: [
        {
          way: 'agent',
          possible: true,
          limit: '156h',
          settings: [
            { where: 'server', key: 'default_x509_svid_ttl', value: '96h' },
            { where: 'server', key: 'agent_ttl', value: '96h' },
            { where: 'server', key: 'ca_ttl', value: '576h' },
            { where: 'agent', key: 'availability_target', value: '72h' },
          ],
          breaksFirst: "the worker's SVID",
        },
        {
          way: 'nested',
          possible: true,
          limit: '719h',
          breaksFirst: "the CA of the site's server, and every SVID below it",
        },
      ],
    });
  });

  test('shows a person settings, endings and what holds whatever the lifetimes', async () => {
    const { out } = await ttl('--offline', '72h');
    expect(out).toMatch(/^an agent at the edge, the server in the cloud: 156h at most\n/);
    expect(out).toMatch(/\nagent {3}availability_target {4}72h {3}renewed while this much is left/);
    expect(out).toMatch(/\n72h {7}96h {5}the worker's SVID \(breaks first\) /);
    expect(out).toMatch(/\nserver in the cloud {2}ca_ttl {17}1008h /);
    expect(out).toMatch(/\nwhatever the lifetimes\n {2}A pod that is new has no identity/);
  });

  test('says what is not possible, why, and what is instead', async () => {
    const { status, out } = await ttl('--offline', '7d');
    expect(status).toBe(0);
    expect(out).toMatch(/: 156h at most\n {2}168h is not possible: SPIRE signs no SVID/);
    expect(out).toMatch(/Instead: a SPIRE server at the\n {2}site\.\n/);
  });

  test('exits 1 where no way is long enough', async () => {
    const { status, out } = await ttl('--offline', '60d', '-o', 'json');
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ways: [{ possible: false }, { possible: false }] });
  });

  test('tells how long given lifetimes last; without any, those of SPIRE', async () => {
    const given = await ttl('--svid-ttl', '1h', '--agent-ttl', '24h', '--ca-ttl', '168h', '-o', 'json');
    expect(JSON.parse(given.out)).toMatchObject({
      default_x509_svid_ttl: '1h',
      agent_ttl: '24h',
      ca_ttl: '168h',
      breaksFirst: "the worker's SVID",
      warnings: [],
    });
    const { out } = await ttl();
    expect(out).toMatch(/^default_x509_svid_ttl 1h, agent_ttl 1h, ca_ttl 24h; /);
    expect(out).toMatch(/\n27m {7}1h {6}the worker's SVID \(breaks first\) /);
  });

  test("counts the master's own maxAge", async () => {
    const { out } = await ttl('--offline', '72h', '--max-age', '2h');
    expect(out).toMatch(/\n1h30m {5}2h {6}seal is older than maxAge /);
  });

  test.each([
    [['--offline', 'soon'], /option '--offline <duration>' argument 'soon' is invalid\. Write 90s/],
    [['--offline', '72h', '--ca-ttl', '24h'], /cannot be used with option '--offline <duration>'/],
    [['--availability-target', '3h'], /does not start with an availability_target below 24h/],
  ])('refuses %j', async (args, message) => {
    const { status, out, err } = await ttl(...args);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toMatch(message);
  });
});
