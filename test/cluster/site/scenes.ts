// What a site whose link is cut comes to, as the cloud sees it: told by story.ts, shown by demo.ts, judged by a test.

/** In this order. */
export const sceneNames = [
  'linked',
  'cut',
  'stale',
  'ended',
  'restarted',
  'lost',
  'waiting',
  'back',
] as const satisfies readonly string[];
export type SceneName = (typeof sceneNames)[number];

export type Labels = Readonly<Record<string, string>>;

/** What the cloud sees at any time. */
export interface View {
  /** Of the site's Node, and of the one in the cloud. */
  readonly labels: { readonly site: Labels; readonly cloud: Labels };
  /** How many objects the master shows as stale. */
  readonly stale: number;
}

export interface Scene extends View {
  readonly name: SceneName;
  /** Versions of the site's Node so far, since it had its labels, in which one was missing or another. */
  readonly unlabelled: number;
  readonly seal: Seal;
}

/** What the site's object says of its seal. */
export interface Seal {
  /** Milliseconds since the epoch. */
  readonly iat: number;
  readonly signer: string;
  /** How much of the life of its SVID is over: from 0, 1 is its end. */
  readonly svidLife: number;
}

/** From story.ts to who started it. */
export type Told = { readonly scene: Scene } | { readonly failure: string };
