import { asFeaturesealError } from '../error.ts';
import { canonicalText } from '../feature/canonical-text.ts';
import type { Discovery } from '../feature/features.ts';
import type { X509Svid } from '../port/svid-source.ts';
import { wakeable } from '../runtime/wakeable.ts';
import { nodeFeatureOf } from './node-feature.ts';
import type { SealReason, WorkerPorts } from './ports.ts';
import { Publisher } from './publisher.ts';
import type { WorkerSettings } from './settings.ts';

const firstRetryMs = 1_000;
const longestRetryMs = 60_000;
/** A rotation is spread over a tenth of the SVID's remaining life, so that a fleet does not write at once (threat G12). */
const rotationSpread = 0.1;
const longestSpreadMs = 5 * 60_000;

/**
 * The worker: keeps one sealed NodeFeature of this node in the store. It seals once after every start, then when
 * features change, when the SVID rotates, when the seal gets old, and when somebody changed the object.
 */
export class Worker {
  readonly #ports: WorkerPorts;
  readonly #settings: WorkerSettings;
  readonly #publisher: Publisher;
  readonly #wake = wakeable();
  #discovery: Discovery | undefined;
  /** Why the next seal is due, and when; undefined: nothing is due. */
  #due: { readonly reason: SealReason; readonly at: number } | undefined;
  #discoverAt = 0;
  #lastDiscovery = -Infinity;
  #failures = 0;
  /** After a failure nothing is written before, whatever happens: a server that alters what it stores is not fought. */
  #retryAt = 0;
  #sealedWith: X509Svid | undefined;
  #objectMayDiffer = false;
  /** A seal is due and there was no SVID to make it with. */
  #isWaiting = false;
  #lastTurn = 0;

  constructor(ports: WorkerPorts, settings: WorkerSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#publisher = new Publisher(ports, settings);
  }

  /** True once this process has published a seal. */
  isReady(): boolean {
    return this.#publisher.last !== undefined;
  }

  /** Runs until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { own, svids, clock, watchSources } = this.#ports;
    const stopSvids = svids.onChange(() => {
      this.#onSvid();
    });
    const watching = own.watch(() => {
      this.#objectMayDiffer = true;
      this.#wake.ring();
    }, signal);
    const watchingSources = watchSources?.(() => this.#onSource(), signal);
    this.#want('started', clock.now());
    try {
      while (!signal.aborted) {
        await this.#turn(signal);
        await this.#untilDue(signal);
      }
      await Promise.all([watching, watchingSources]);
    } finally {
      stopSvids();
    }
  }

  /** Discovers, signs and stores once: `--once`. @throws FeaturesealError as Publisher.publish, or identity-absent */
  async once(svid: X509Svid, signal: AbortSignal): Promise<void> {
    const { validUntil: _, ...discovery } = await this.#ports.discover(signal);
    const seal = await this.#publisher.publish(nodeFeatureOf(discovery, this.#settings), svid, signal);
    this.#ports.report.published('started', seal.iat, svid.spiffeId);
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    this.#followClock(clock.now());
    if (clock.now() >= this.#discoverAt) await this.#discover(signal);
    if (this.#objectMayDiffer) await this.#compare(signal);
    if (this.#due !== undefined && clock.now() >= this.#due.at && !signal.aborted) {
      await this.#publish(this.#due.reason, signal);
    }
  }

  /** A clock that ran ahead and was put right must not keep this loop waiting for the wrong time to come again. */
  #followClock(now: number): void {
    if (now < this.#lastTurn) {
      this.#discoverAt = now;
      this.#lastDiscovery = -Infinity;
      this.#retryAt = 0;
      this.#due = { reason: this.#due?.reason ?? 'seal-aged', at: now };
    }
    this.#lastTurn = now;
  }

  async #discover(signal: AbortSignal): Promise<void> {
    const { clock, discover, random } = this.#ports;
    const before = this.#discovery;
    this.#lastDiscovery = clock.now();
    // Set first: what changes while the plugins look is looked for again.
    // Jitter of a tenth: workers that started together drift apart.
    this.#discoverAt = clock.now() + this.#settings.discoverIntervalMs * (0.95 + 0.1 * random());
    try {
      const { validUntil = Infinity, ...discovery } = await discover(signal);
      this.#discovery = discovery;
      this.#discoverBy(validUntil);
    } catch (thrown) {
      if (signal.aborted) return;
      throw thrown;
    }
    if (before !== undefined && canonicalText(before) !== canonicalText(this.#discovery)) {
      this.#want('features-changed', clock.now());
    }
  }

  /** Files that a plugin watches changed. Many changes at once are one discovery, and none follows another too closely. */
  #onSource(): void {
    this.#discoverBy(this.#lastDiscovery);
    this.#wake.ring();
  }

  /** Not after `moment`, and not sooner after the last one than the object may be written. */
  #discoverBy(moment: number): void {
    const soonest = this.#lastDiscovery + this.#settings.writeIntervalMs;
    this.#discoverAt = Math.min(this.#discoverAt, Math.max(moment, soonest));
  }

  /** Somebody wrote the object: we, or somebody who has no business there. Only the store's present word counts. */
  async #compare(signal: AbortSignal): Promise<void> {
    const { own, clock, report } = this.#ports;
    if (this.#publisher.last === undefined) return;
    this.#objectMayDiffer = false;
    try {
      const stored = await own.read(signal);
      if (stored !== undefined && (await this.#publisher.isOwnLast(stored))) return;
      report.objectChanged();
      this.#want('object-changed', clock.now());
    } catch (thrown) {
      if (signal.aborted) return;
      report.publishFailed(asFeaturesealError(thrown, 'internal', 'the object could not be read'));
      this.#want('object-changed', clock.now() + this.#backOff());
    }
  }

  async #publish(reason: SealReason, signal: AbortSignal): Promise<void> {
    const { svids, clock, report, random } = this.#ports;
    const svid = svids.current();
    // Never with an expired SVID: nobody would believe the seal. The next SVID wakes this loop.
    if (svid === undefined || svid.notAfter.getTime() <= clock.now() || this.#discovery === undefined) {
      const problem = svids.lastError();
      report.waitingForIdentity(problem);
      // At first the reason is not known yet: whoever reads the log should not wait a minute for it.
      const isTooEarly = !this.#isWaiting && problem === undefined;
      this.#isWaiting = true;
      this.#due = { reason, at: clock.now() + (isTooEarly ? firstRetryMs : longestRetryMs) };
      if (reason === 'object-changed') await this.#putBack(signal);
      return;
    }
    const done = report.publishing();
    try {
      const object = nodeFeatureOf(this.#discovery, this.#settings);
      const seal = await this.#publisher.publish(object, svid, signal);
      done('stored');
      this.#failures = 0;
      this.#retryAt = 0;
      this.#sealedWith = svid;
      this.#isWaiting = false;
      report.published(reason, seal.iat, svid.spiffeId);
      this.#due = undefined;
      this.#want('seal-aged', clock.now() + this.#settings.resignIntervalMs * (0.9 + 0.1 * random()));
      // The SVID may have rotated while this one was used.
      this.#onSvid();
    } catch (thrown) {
      if (signal.aborted) return;
      done('failed');
      report.publishFailed(asFeaturesealError(thrown, 'internal', 'the object could not be published'));
      this.#retryAt = clock.now() + this.#backOff();
      this.#due = { reason, at: this.#retryAt };
    }
  }

  /** Without an identity nothing new is sealed; what somebody changed is still put back. */
  async #putBack(signal: AbortSignal): Promise<void> {
    const { clock, report } = this.#ports;
    try {
      await this.#publisher.putBack(signal);
    } catch (thrown) {
      if (signal.aborted) return;
      report.publishFailed(asFeaturesealError(thrown, 'internal', 'the object could not be put back'));
      this.#retryAt = clock.now() + this.#backOff();
      this.#due = { reason: 'object-changed', at: this.#retryAt };
    }
  }

  #onSvid(): void {
    const { svids, clock, random } = this.#ports;
    const svid = svids.current();
    if (svid === undefined || isSameLeaf(svid, this.#sealedWith)) return;
    // The first identity, or one after an outage, is what everybody waits for.
    if (this.#publisher.last === undefined) return this.#want('started', clock.now());
    if (this.#isWaiting) return this.#want(this.#due?.reason ?? 'svid-rotated', clock.now());
    const spread = Math.min((svid.notAfter.getTime() - clock.now()) * rotationSpread, longestSpreadMs);
    this.#want('svid-rotated', clock.now() + Math.max(0, spread) * random());
  }

  /** A seal is due at `moment`, unless one is due earlier. */
  #want(reason: SealReason, moment: number): void {
    const at = Math.max(moment, this.#retryAt);
    if (this.#due === undefined || at < this.#due.at) this.#due = { reason, at };
    this.#wake.ring();
  }

  /** Doubles with each failure, with jitter, up to a minute; for ever. */
  #backOff(): number {
    const pause = Math.min(firstRetryMs * 2 ** this.#failures++, longestRetryMs);
    return pause * (0.5 + 0.5 * this.#ports.random());
  }

  async #untilDue(signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    const next = Math.min(this.#discoverAt, this.#due?.at ?? Infinity);
    const woken = new AbortController();
    const either = AbortSignal.any([signal, woken.signal]);
    await Promise.race([clock.sleep(Math.max(0, next - clock.now()), either), this.#wake.wait(either)]);
    woken.abort();
  }
}

/** A Workload API that is connected anew tells the same SVID again. */
function isSameLeaf({ chain: [a] }: X509Svid, other: X509Svid | undefined): boolean {
  const b = other?.chain[0];
  return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
}
