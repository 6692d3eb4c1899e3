import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  describeRendered,
  manifestsOf,
  renderedText,
  renderedWith,
  workloadOf,
  type Manifest,
  type Settings,
  type Workload,
} from './manifests.ts';

interface Overlay {
  /** What `kubectl apply -k` would send. */
  readonly text: string;
  readonly manifests: readonly Manifest[];
  readonly workload: (kind: Workload['kind'], name: string) => Workload;
  /** The text for a user who has changed these settings. */
  readonly withSettings: (settings: Settings) => string;
}

/** Tests on an overlay, rendered once. */
export function describeOverlay(overlay: string, title: string, tests: (rendered: Overlay) => void): void {
  describeRendered(title, () => {
    const path = temporaryFolder();
    const text = renderedText(overlay);
    const manifests = manifestsOf(text);
    tests({
      text,
      manifests,
      workload: (kind, name) => workloadOf(manifests, kind, name),
      withSettings: (settings) => renderedWith(overlay, settings, path('deploy')),
    });
  });
}
