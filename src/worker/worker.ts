import { asFeaturesealError } from '../error.ts';
import { canonicalText } from '../feature/canonical-text.ts';
import type { Discovery } from '../feature/features.ts';
import type { X509Svid } from '../port/svid-source.ts';
import { wakeable } from '../runtime/wakeable.ts';
import { nodeFeatureOf } from './node-feature.ts';
import type { SealReason, WorkerPorts } from './ports.ts';
import { Publisher } from './publisher.ts';
import { Schedule } from './schedule.ts';
import type { WorkerSettings } from './settings.ts';

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
  readonly #schedule: Schedule;
  readonly #wake = wakeable();
  #discovery: Discovery | undefined;
  #sealedWith: X509Svid | undefined;
  #objectMayDiffer = false;
  /** A seal is due and there was no SVID to make it with. */
  #isWaiting = false;

  constructor(ports: WorkerPorts, settings: WorkerSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#publisher = new Publisher(ports, settings);
    this.#schedule = new Schedule(ports, settings);
  }

  /** True once this process has published a seal. */
  isReady(): boolean {
    return this.#publisher.last !== undefined;
  }

  /** Runs until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { own, svids, watchSources } = this.#ports;
    const stopSvids = svids.onChange(() => {
      this.#onSvid();
    });
    const watching = own.watch(() => {
      this.#objectMayDiffer = true;
      this.#wake.ring();
    }, signal);
    const watchingSources = watchSources?.(() => this.#onSource(), signal);
    this.#want('started');
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
    this.#schedule.followClock();
    if (this.#schedule.isDiscoveryDue) await this.#discover(signal);
    if (this.#objectMayDiffer) await this.#compare(signal);
    const reason = this.#schedule.sealDue;
    if (reason !== undefined && !signal.aborted) await this.#publish(reason, signal);
  }

  async #discover(signal: AbortSignal): Promise<void> {
    const before = this.#discovery;
    // First: what changes while the plugins look is looked for again.
    this.#schedule.discovering();
    try {
      const { validUntil = Infinity, ...discovery } = await this.#ports.discover(signal);
      this.#discovery = discovery;
      this.#schedule.discoverBy(validUntil);
    } catch (thrown) {
      if (signal.aborted) return;
      throw thrown;
    }
    if (before !== undefined && canonicalText(before) !== canonicalText(this.#discovery)) {
      this.#want('features-changed');
    }
  }

  /** Files that a plugin watches changed. */
  #onSource(): void {
    this.#schedule.discoverSoon();
    this.#wake.ring();
  }

  /** Somebody wrote the object: we, or somebody who has no business there. Only the store's present word counts. */
  async #compare(signal: AbortSignal): Promise<void> {
    const { own, report } = this.#ports;
    if (this.#publisher.last === undefined) return;
    this.#objectMayDiffer = false;
    try {
      const stored = await own.read(signal);
      if (stored !== undefined && (await this.#publisher.isOwnLast(stored))) return;
      report.objectChanged();
      this.#want('object-changed');
    } catch (thrown) {
      if (signal.aborted) return;
      report.publishFailed(asFeaturesealError(thrown, 'internal', 'the object could not be read'));
      this.#want('object-changed', this.#schedule.backOff());
    }
  }

  async #publish(reason: SealReason, signal: AbortSignal): Promise<void> {
    const { svids, clock, report } = this.#ports;
    const svid = svids.current();
    // Never with an expired SVID: nobody would believe the seal. The next SVID wakes this loop.
    if (svid === undefined || svid.notAfter.getTime() <= clock.now() || this.#discovery === undefined) {
      const problem = svids.lastError();
      report.waitingForIdentity(problem);
      // At first the reason is not known yet: whoever reads the log should not wait a minute for it.
      const isTooEarly = !this.#isWaiting && problem === undefined;
      this.#isWaiting = true;
      this.#schedule.waiting(reason, isTooEarly);
      if (reason === 'object-changed') await this.#putBack(signal);
      return;
    }
    const done = report.publishing();
    try {
      const object = nodeFeatureOf(this.#discovery, this.#settings);
      const seal = await this.#publisher.publish(object, svid, signal);
      done('stored');
      this.#sealedWith = svid;
      this.#isWaiting = false;
      report.published(reason, seal.iat, svid.spiffeId);
      this.#schedule.sealed();
      // The SVID may have rotated while this one was used.
      this.#onSvid();
    } catch (thrown) {
      if (signal.aborted) return;
      done('failed');
      report.publishFailed(asFeaturesealError(thrown, 'internal', 'the object could not be published'));
      this.#schedule.failed(reason);
    }
  }

  /** Without an identity nothing new is sealed; what somebody changed is still put back. */
  async #putBack(signal: AbortSignal): Promise<void> {
    const { report } = this.#ports;
    try {
      await this.#publisher.putBack(signal);
    } catch (thrown) {
      if (signal.aborted) return;
      report.publishFailed(asFeaturesealError(thrown, 'internal', 'the object could not be put back'));
      this.#schedule.failed('object-changed');
    }
  }

  #onSvid(): void {
    const { svids, clock, random } = this.#ports;
    const svid = svids.current();
    if (svid === undefined || isSameLeaf(svid, this.#sealedWith)) return;
    // The first identity, or one after an outage, is what everybody waits for.
    if (this.#publisher.last === undefined) return this.#want('started');
    if (this.#isWaiting) return this.#want(this.#schedule.reason ?? 'svid-rotated');
    const spread = Math.min((svid.notAfter.getTime() - clock.now()) * rotationSpread, longestSpreadMs);
    this.#want('svid-rotated', Math.max(0, spread) * random());
  }

  /** A seal is due in `ms` milliseconds. */
  #want(reason: SealReason, ms = 0): void {
    this.#schedule.seal(reason, ms);
    this.#wake.ring();
  }

  async #untilDue(signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    const woken = new AbortController();
    const either = AbortSignal.any([signal, woken.signal]);
    await Promise.race([clock.sleep(this.#schedule.pauseMs, either), this.#wake.wait(either)]);
    woken.abort();
  }
}

/** A Workload API that is connected anew tells the same SVID again. */
function isSameLeaf({ chain: [a] }: X509Svid, other: X509Svid | undefined): boolean {
  const b = other?.chain[0];
  return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
}
