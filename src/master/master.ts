import type { FeedEvent, ObjectKey } from '../port/node-feature-store.ts';
import type { NodeEvent } from '../port/node-store.ts';
import { wakeable } from '../runtime/wakeable.ts';
import type { AcceptedSeal } from '../seal/freshness.ts';
import { markAnnotation, readMark } from '../seal/mark.ts';
import { SealTrust } from '../seal/trust.ts';
import { Inbox } from './inbox.ts';
import { isWithdrawal, judge, type Verdict } from './judge.ts';
import { Nodes } from './nodes.ts';
import { accept, hasVoidDigest, lapseAt, newerOf, retryOn, withoutDigest, type ObjectState } from './object-state.ts';
import { Objects } from './objects.ts';
import type { MasterPorts } from './ports.ts';
import type { MasterSettings } from './settings.ts';

/**
 * The master: watches NodeFeatures and Nodes, judges every object, and keeps each Node's labels as its verified objects
 * say. State is per object: a bad write over a good object changes nothing but what is reported.
 */
export class Master {
  readonly #ports: MasterPorts;
  readonly #settings: MasterSettings;
  readonly #objects = new Objects();
  readonly #nodes: Nodes;
  readonly #inbox = new Inbox();
  readonly #wake = wakeable();
  readonly #prepared = wakeable();
  readonly #trust: SealTrust;
  #signal: AbortSignal = AbortSignal.abort();
  #syncedAt: number | undefined;
  #nodesSynced = false;
  #judging = false;

  constructor(ports: MasterPorts, settings: MasterSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#trust = new SealTrust(ports.crypto);
    this.#nodes = new Nodes({
      ports,
      settings,
      objects: this.#objects,
      holdUntil: () => this.#holdUntil(),
      reverify: (node) => this.#reread(this.#objects.ofNode(node)),
    });
  }

  /** True once lists of Nodes and NodeFeatures were read and, where marks are used, there are bundles. */
  isReady(): boolean {
    const trusted = this.#settings.policy.mode === 'off' || this.#hasBundles();
    return trusted && this.#nodesSynced && this.#syncedAt !== undefined;
  }

  /** True once all that there is was judged and no node waits to be patched. */
  isSettled(): boolean {
    return this.isReady() && !this.#judging && this.#inbox.isEmpty() && this.#nodes.isIdle();
  }

  /** Runs until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { nodes, bundles, leadership, clock } = this.#ports;
    this.#signal = signal;
    const stopBundles = bundles?.onChange(() => void this.#onBundles());
    const stopLeadership = leadership.onChange(() => {
      this.#touchAll();
    });
    try {
      await Promise.all([
        nodes.run((event) => {
          this.#onNode(event);
        }, signal),
        this.#feedWhenReady(signal),
        this.#judgeAll(signal),
        this.#tick(signal, clock),
      ]);
    } finally {
      stopBundles?.();
      stopLeadership();
    }
  }

  /** Objects are asked for once they can be judged: until then they would only wait in memory. */
  async #feedWhenReady(signal: AbortSignal): Promise<void> {
    const canJudge = (): boolean => this.#nodesSynced && (this.#settings.policy.mode === 'off' || this.#hasBundles());
    while (!canJudge() && !signal.aborted) await this.#prepared.wait(signal);
    if (signal.aborted) return;
    await this.#ports.feed.run((event) => {
      this.#onObject(event);
    }, signal);
  }

  #hasBundles(): boolean {
    return this.#ports.bundles?.current() !== undefined;
  }

  #onObject(event: FeedEvent): void {
    if (event.type === 'applied') return this.#enqueue(event.key, event.object);
    const lapses = this.#ports.clock.now() + this.#settings.deletionGraceMs;
    if (event.type === 'deleted') return this.#onGone(event.key, lapses);
    // A complete list: what it does not name is gone, though no event said so.
    for (const state of [...this.#objects.all()]) {
      if (state.exists && !event.keys.has(state.key)) this.#onGone(state.key, lapses);
    }
    this.#syncedAt ??= this.#ports.clock.now();
    this.#touchAll();
  }

  #enqueue(key: ObjectKey, object: unknown): void {
    if (!this.#inbox.push(key, object)) this.#ports.report.overflowed(key);
    this.#wake.ring();
  }

  #onGone(key: ObjectKey, lapses: number): void {
    this.#inbox.drop(key);
    const state = this.#objects.find(key);
    if (state === undefined) return;
    state.exists = false;
    state.refusedBy = undefined;
    lapseAt(state, lapses);
    if (state.lapsesAt === undefined) this.#objects.forget(state);
  }

  #onNode(event: NodeEvent): void {
    if (event.type === 'synced') {
      this.#nodesSynced = true;
      return this.#prepared.ring();
    }
    if (event.type === 'deleted') return this.#nodes.forget(event.name);
    const { name } = event.node;
    if (this.#nodes.see(event.node) === 'appeared') {
      // Another Node: what was accepted for an earlier one of that name says nothing of it (threat B6).
      const objects = this.#objects.ofNode(name);
      for (const state of objects) state.accepted = undefined;
      void this.#reread(objects);
    }
    this.#nodes.touch(name, this.#signal);
  }

  /** New bundles: what was refused for want of them may pass, what was accepted may have lost its path. */
  async #onBundles(): Promise<void> {
    this.#prepared.ring();
    if (!this.#hasBundles()) return;
    for (const state of [...this.#objects.all()]) await this.#provePathAgain(state);
    await this.#reread([...this.#objects.all()].filter((state) => retries(state, 'bundle')));
  }

  /** Withdrawn: no path any more, though the leaf is within its dates. An expired leaf keeps what it had. */
  async #provePathAgain(state: ObjectState): Promise<void> {
    const bundles = this.#ports.bundles?.current();
    const { proof } = state;
    const now = this.#ports.clock.now();
    if (bundles === undefined || proof === undefined || proof.svid.leaf.notAfter.getTime() < now) return;
    const found = await this.#trust.hasPath(proof.svid, bundles, new Date(now));
    if (found === undefined) {
      state.withdrawn = true;
      lapseAt(state, now + this.#settings.deletionGraceMs);
      this.#nodes.touch(state.node, this.#signal);
    } else {
      state.proof = { svid: proof.svid, validUntil: found };
      if (!state.withdrawn) return;
      state.withdrawn = false;
      if (state.exists) state.lapsesAt = undefined;
    }
  }

  async #judgeAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const next = this.#inbox.take();
      this.#judging = next !== undefined;
      if (next === undefined) await this.#wake.wait(signal);
      else await this.#judgeOne(next.key, next.object);
    }
  }

  async #judgeOne(key: ObjectKey, object: unknown): Promise<void> {
    const verdict = await judge(key, object, {
      ports: this.#ports,
      settings: this.#settings,
      trust: this.#trust,
      node: (name) => this.#nodes.view(name),
      accepted: (of) => this.#accepted(of),
    });
    const state = this.#objects.at(key);
    const touched = this.#objects.change(state, () => {
      this.#apply(state, verdict);
    });
    for (const node of touched) this.#nodes.touch(node, this.#signal);
  }

  #apply(state: ObjectState, verdict: Verdict): void {
    const { report, clock } = this.#ports;
    const { verified, admitted, refusal } = verdict;
    state.exists = true;
    if (refusal !== undefined) {
      const { error, claim, uid } = refusal;
      state.refusedBy = error.code;
      const { code, message } = error;
      report.refused({ key: state.key, uid, code, message, signer: claim?.signer, digest: claim?.digest });
      // What this process saw verified is withdrawn by its own chain alone; after a restart the object must do.
      if (state.labels === undefined && isWithdrawal(verdict, this.#accepted(state.key), clock.now())) {
        state.withdrawn = true;
        state.lapsesAt ??= clock.now() + this.#settings.deletionGraceMs;
      }
    }
    if (verified !== undefined) {
      const wasStale = state.stale;
      accept(state, verified);
      if (wasStale !== verified.stale) report.stale(state.key, verified.stale);
      report.verified(state.key, verified.spiffeId);
    }
    if (admitted !== undefined) accept(state, admitted);
  }

  /** The newest acceptance that memory or the Node's mark knows. */
  #accepted(key: ObjectKey): AcceptedSeal | undefined {
    const state = this.#objects.find(key);
    const view = this.#nodes.view(state?.node ?? key.slice(key.indexOf('/') + 1));
    if (view === undefined) return state?.accepted;
    const context = { uid: view.uid, now: this.#ports.clock.now(), maxAge: this.#settings.maxAgeMs };
    const { mark } = readMark(view.annotations[markAnnotation], context);
    const newest = newerOf(state?.accepted, mark.objects.get(key));
    return state !== undefined && hasVoidDigest(state) ? withoutDigest(newest) : newest;
  }

  /** Reads objects as they are stored now and judges them again. */
  async #reread(states: readonly ObjectState[]): Promise<void> {
    for (const { key } of states.filter(({ exists }) => exists)) {
      try {
        const object = await this.#ports.feed.read(key, this.#signal);
        if (object !== undefined) this.#enqueue(key, object);
      } catch {
        // The API server is away: the feed tells of everything again when it is back.
      }
    }
  }

  #touchAll(): void {
    for (const name of this.#nodes.names()) this.#nodes.touch(name, this.#signal);
  }

  /** After a restart nothing is taken away before this moment; undefined before the first complete list. */
  #holdUntil(): number | undefined {
    return this.#syncedAt === undefined ? undefined : this.#syncedAt + this.#settings.deletionGraceMs;
  }

  async #tick(signal: AbortSignal, clock: MasterPorts['clock']): Promise<void> {
    let held = true;
    while (!signal.aborted) {
      await clock.sleep(this.#settings.tickMs, signal);
      const holdUntil = this.#holdUntil();
      if (held && holdUntil !== undefined && clock.now() >= holdUntil) {
        held = false;
        this.#touchAll();
      }
      for (const state of [...this.#objects.all()]) await this.#onTick(state, clock.now());
      await this.#reread([...this.#objects.all()].filter((state) => retries(state, 'time')));
    }
  }

  async #onTick(state: ObjectState, now: number): Promise<void> {
    const { report } = this.#ports;
    if (state.proof?.validUntil !== undefined && state.proof.validUntil < now) await this.#provePathAgain(state);
    const isStale = state.labels !== undefined && now - (state.accepted?.iat ?? now) > this.#settings.maxAgeMs;
    if (isStale && !state.stale) {
      state.stale = true;
      report.stale(state.key, true);
    }
    if (state.lapsesAt === undefined || now < state.lapsesAt) return;
    state.labels = undefined;
    state.lapsesAt = undefined;
    report.lapsed(state.key);
    this.#nodes.touch(state.node, this.#signal);
    if (!state.exists && !state.withdrawn) this.#objects.forget(state);
  }
}

function retries(state: ObjectState, on: 'time' | 'bundle'): boolean {
  return state.refusedBy !== undefined && retryOn(state.refusedBy) === on;
}
