import type { FeedEvent, ObjectKey } from '../port/node-feature-store.ts';
import type { NodeEvent } from '../port/node-store.ts';
import { wakeable } from '../runtime/wakeable.ts';
import type { AcceptedSeal } from '../seal/freshness.ts';
import { SealTrust } from '../seal/trust.ts';
import { ageObject } from './ageing.ts';
import { newestAccepted } from './accepted.ts';
import { applyVerdict } from './apply-verdict.ts';
import { usableBundles } from './bundles.ts';
import { Inbox } from './inbox.ts';
import { lastingVerdict } from './judge.ts';
import { Nodes } from './nodes.ts';
import { lapseAt, nodeOf, retryOn, startOver, type ObjectState } from './object-state.ts';
import { Objects } from './objects.ts';
import type { MasterPorts } from './ports.ts';
import type { MasterSettings } from './settings.ts';
import { provePathAgain } from './withdrawal.ts';

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
  readonly #room = wakeable();
  readonly #prepared = wakeable();
  readonly #trust: SealTrust;
  #signal: AbortSignal = AbortSignal.abort();
  #syncedAt: number | undefined;
  #nodesSynced = false;
  #isCaughtUp = false;
  /** The object whose verdict is awaited, and when it lapses where it was deleted meanwhile. */
  #pending: { readonly key: ObjectKey; lapses?: number } | undefined;
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
      isCaughtUp: () => this.#isCaughtUp,
      reverify: (node) => this.#reread(this.#objects.ofNode(node)),
    });
  }

  /** True once lists of Nodes and NodeFeatures were read and, where marks are used, there are bundles. */
  isReady(): boolean {
    return this.hasTrust() && this.hasLists();
  }

  /** True where objects can be judged: there are bundles, or the mode asks for none. */
  hasTrust(): boolean {
    return this.#settings.policy.mode === 'off' || usableBundles(this.#ports.bundles) !== undefined;
  }

  hasLists(): boolean {
    return this.#nodesSynced && this.#syncedAt !== undefined;
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
      this.#nodes.leadershipChanged();
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
    while (!(this.#nodesSynced && this.hasTrust()) && !signal.aborted) await this.#prepared.wait(signal);
    if (signal.aborted) return;
    await this.#ports.feed.run((event) => {
      this.#onObject(event);
      return this.#roomInInbox(signal);
    }, signal);
  }

  /** A list comes faster than it is judged, and a waiting object is four times its text: let the feed wait instead. */
  async #roomInInbox(signal: AbortSignal): Promise<void> {
    while (this.#inbox.isFull() && !signal.aborted) await this.#room.wait(signal);
  }

  #onObject(event: FeedEvent): void {
    if (event.type === 'applied') return this.#enqueue(event.key, event.object);
    const lapses = this.#ports.clock.now() + this.#settings.deletionGraceMs;
    if (event.type === 'deleted') return this.#onGone(event.key, lapses);
    // A complete list: what it does not name is gone, though no event said so.
    this.#inbox.dropAllBut(event.keys);
    if (this.#pending !== undefined && !event.keys.has(this.#pending.key)) this.#pending.lapses = lapses;
    for (const state of [...this.#objects.all()]) {
      if (state.exists && !event.keys.has(state.key)) this.#onGone(state.key, lapses);
    }
    this.#syncedAt ??= this.#ports.clock.now();
    this.#wake.ring();
    this.#touchAll();
  }

  #enqueue(key: ObjectKey, object: unknown): void {
    if (!this.#inbox.push(key, object)) this.#ports.report.overflowed(key);
    this.#wake.ring();
  }

  #onGone(key: ObjectKey, lapses: number): void {
    this.#inbox.drop(key);
    if (this.#pending?.key === key) this.#pending.lapses = lapses;
    const state = this.#objects.find(key);
    if (state !== undefined) this.#end(state, lapses);
  }

  #end(state: ObjectState, lapses: number): void {
    state.exists = false;
    state.refusedBy = undefined;
    state.retryAt = undefined;
    lapseAt(state, lapses);
    if (state.lapsesAt === undefined) this.#objects.forget(state);
    this.#nodes.touch(state.node, this.#signal);
  }

  #onNode(event: NodeEvent): void {
    if (event.type === 'synced') {
      this.#nodesSynced = true;
      return this.#prepared.ring();
    }
    if (event.type === 'deleted') return this.#nodes.forget(event.name);
    const { name } = event.node;
    if (this.#nodes.see(event.node) === 'appeared') {
      const objects = this.#objects.ofNode(name);
      for (const state of objects) startOver(state);
      void this.#rereadIfPossible(objects);
    }
    this.#nodes.touch(name, this.#signal);
  }

  /** New bundles: what was refused for want of them may pass, what was accepted may have lost its path. */
  async #onBundles(): Promise<void> {
    this.#prepared.ring();
    if (usableBundles(this.#ports.bundles) === undefined) return;
    for (const state of [...this.#objects.all()]) await this.#provePathAgain(state);
    await this.#rereadIfPossible(
      [...this.#objects.all()].filter((state) => retryOn(state.refusedBy) === 'bundle'),
    );
  }

  async #provePathAgain(state: ObjectState): Promise<void> {
    const { bundles, clock } = this.#ports;
    const context = {
      trust: this.#trust,
      bundles: () => usableBundles(bundles),
      now: clock.now(),
      settings: this.#settings,
    };
    if (!(await provePathAgain(state, context))) return;
    this.#nodes.touch(state.node, this.#signal);
    // The object as stored gets its verdict, which says why, and is asked for again at the next bundle.
    await this.#rereadIfPossible([state]);
  }

  async #judgeAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const next = this.#inbox.take();
      this.#room.ring();
      this.#judging = next !== undefined;
      if (next === undefined) {
        this.#catchUp();
        await this.#wake.wait(signal);
      } else await this.#judgeOne(next.key, next.object);
    }
  }

  /** Nothing waits to be judged: if a full list was read, it was judged. */
  #catchUp(): void {
    if (this.#isCaughtUp || this.#syncedAt === undefined) return;
    this.#isCaughtUp = true;
    this.#touchAll();
  }

  async #judgeOne(key: ObjectKey, object: unknown): Promise<void> {
    const pending: { key: ObjectKey; lapses?: number } = { key };
    this.#pending = pending;
    const context = {
      ports: this.#ports,
      settings: this.#settings,
      trust: this.#trust,
      node: (name: string) => this.#nodes.view(name),
      accepted: (of: ObjectKey) => this.#accepted(of),
    };
    const verdict = await lastingVerdict(key, object, context, () => pending.lapses !== undefined);
    this.#pending = undefined;
    if (verdict === undefined) return;
    const state = this.#objects.at(key);
    const { report, clock } = this.#ports;
    const { deletionGraceMs } = this.#settings;
    const accepted = this.#accepted(key);
    const touched = this.#objects.change(state, () => {
      applyVerdict(state, verdict, { accepted, report, now: clock.now(), deletionGraceMs });
    });
    if (pending.lapses !== undefined) this.#end(state, pending.lapses);
    for (const node of touched) this.#nodes.touch(node, this.#signal);
  }

  #accepted(key: ObjectKey): AcceptedSeal | undefined {
    const state = this.#objects.find(key);
    // The mark stands where it was made, whatever Node an object that is taken at its word names now.
    const view = this.#nodes.view(nodeOf(key));
    return newestAccepted(key, { state, view, now: this.#ports.clock.now(), settings: this.#settings });
  }

  /** Reads objects as they are stored now and has them judged again. @returns how many; rejects as the feed's read */
  async #reread(states: readonly ObjectState[]): Promise<number> {
    let waiting = 0;
    for (const state of states.filter(({ exists }) => exists)) {
      const object = await this.#ports.feed.read(state.key, this.#signal);
      // Deleted meanwhile: it must not come back by an answer from before.
      if (object === undefined || !state.exists) continue;
      this.#enqueue(state.key, object);
      waiting += 1;
    }
    return waiting;
  }

  /** The same where it can wait: when the API server is back, the feed tells of everything again. */
  async #rereadIfPossible(states: readonly ObjectState[]): Promise<void> {
    await this.#reread(states).catch(() => 0);
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
      const now = clock.now();
      await this.#rereadIfPossible(
        [...this.#objects.all()].filter(({ retryAt = Infinity }) => retryAt <= now),
      );
    }
  }

  async #onTick(state: ObjectState, now: number): Promise<void> {
    if ((state.proof?.validUntil ?? Infinity) < now) await this.#provePathAgain(state);
    if (!ageObject(state, { now, settings: this.#settings, report: this.#ports.report })) return;
    this.#nodes.touch(state.node, this.#signal);
    if (!state.exists && !state.withdrawn) this.#objects.forget(state);
  }
}
