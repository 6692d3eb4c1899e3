// The connection string of overlay `ha`, as it is, with SPIRE's own driver, on a real PostgreSQL that fails over.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startDatabase, type Database } from './harness/database.ts';
import { describeOnPostgres, ownHost, startMs } from './harness/suite.ts';
import { Writer, type Answer } from './harness/writer.ts';

describeOnPostgres('the database of several SPIRE servers', () => {
  let database: Database;
  const opened: { close(): Promise<void> }[] = [];
  let shipped: Writer;
  const acknowledged: number[] = [];

  async function writer(connectionString: string): Promise<Writer> {
    const made = await Writer.start(database, connectionString);
    opened.push(made);
    return made;
  }

  const withTarget = (target: string): string =>
    database.shipped.connectionString.replace(/ target_session_attrs=\S+/, target);

  function note(answer: Answer): Answer {
    if (answer.acknowledged !== undefined) acknowledged.push(answer.acknowledged);
    return answer;
  }

  beforeAll(async () => {
    database = await startDatabase(ownHost());
    opened.push(database);
    await database.primary.sql('CREATE TABLE written (number integer PRIMARY KEY)', 'spire');
    await database.primary.sql('ALTER TABLE written OWNER TO spire', 'spire');
    shipped = await writer(database.shipped.connectionString);
  }, startMs);
  afterAll(async () => {
    for (const each of opened.toReversed()) await each.close();
  }, startMs);

  test('takes what is written through the name that follows the primary', async () => {
    expect(note(await shipped.write(1))).toEqual({ acknowledged: 1 });
    expect(await database.primary.sql('SELECT sync_state FROM pg_stat_replication')).toBe('quorum');
  });

  test.each([
    // A name that leads to it, and does not stand in its certificate.
    [
      'another name',
      'host=spire-database-rw.spire-server.svc',
      'host=elsewhere',
      /certificate is valid for .*, not elsewhere/,
    ],
    ['no TLS', 'sslmode=verify-full', 'sslmode=disable', /pg_hba.conf rejects connection .* no encryption/],
    ['another user', 'user=spire', 'user=postgres', /pg_hba.conf rejects connection .* user "postgres"/],
  ])('is not reached by %s', async (_, from, to, why) => {
    const changed = database.shipped.connectionString.replace(from, to);
    expect(changed).not.toBe(database.shipped.connectionString);
    const other = await writer(changed);
    expect(await other.write(2)).toMatchObject({ refused: expect.stringMatching(why) });
  });

  // What sank an attempt of 2018: servers that were led to a replica.
  test('is not the standby: the driver asks, and refuses it before anything is written', async () => {
    database.service.pointTo(database.standby.endpoint);
    const led = await writer(database.shipped.connectionString);
    expect(await led.write(3)).toEqual({ refused: 'server is in hot standby mode' });
  });

  test('without that question would be one that takes the connection and no write', async () => {
    const led = await writer(withTarget(''));
    const refused = {
      code: '0A000',
      refused: expect.stringContaining('cannot set transaction read-write mode'),
    };
    expect(await led.write(3)).toEqual(refused);
    // And for good: the connection is kept, though the name leads to the primary again.
    database.service.pointTo(database.primary.endpoint);
    expect(await led.write(3)).toEqual(refused);
  });

  test('is found again by who was led to the standby', async () => {
    database.service.pointTo(database.standby.endpoint);
    const led = await writer(database.shipped.connectionString);
    expect(await led.write(4)).toMatchObject({ refused: expect.any(String) });
    database.service.pointTo(database.primary.endpoint);
    expect(note(await led.write(4))).toEqual({ acknowledged: 4 });
  });

  test('loses nothing that was acknowledged when the primary is killed amid writes', async () => {
    const killed = database.primary.kill();
    let number = 100;
    while (note(await shipped.write(number)).refused === undefined) number += 1;
    await killed;
    expect(await shipped.write(number)).toMatchObject({ refused: expect.any(String) });

    await database.standby.sql('SELECT pg_promote()');
    database.service.pointTo(database.standby.endpoint);
    expect(note(await shipped.write(number + 1))).toEqual({ acknowledged: number + 1 });
    expect(await shipped.all()).toEqual(expect.arrayContaining(acknowledged));
  });
});
