/** A notice for the administrator, as a Kubernetes Event on the object named. */
export interface Notice {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, closed set: see docs/reference. */
  readonly reason: string;
  readonly message: string;
  readonly about:
    | { readonly kind: 'Node'; readonly name: string; readonly uid: string }
    | { readonly kind: 'Namespace'; readonly name: string }
    | {
        readonly kind: 'NodeFeature';
        readonly namespace: string;
        readonly name: string;
        readonly uid: string;
      };
}

/** Where notices go. Must not throw: a notice that cannot be sent is dropped and counted. */
export interface EventSink {
  send(notice: Notice): void;
}
