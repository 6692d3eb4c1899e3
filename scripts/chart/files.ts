import { parseAllDocuments, type Document } from 'yaml';
import { offerChoices, restartWithConfig } from './changes.ts';
import { releaseNamespace, renderMarked, type Kustomize, type Overlay } from './rendering.ts';
import { Template } from './template.ts';

/** Folders of deploy/helm/featureseal in which nothing is written by hand. */
export const madeFolders = ['templates/objects', 'charts/spire-crds/crds'] as const;
const [objects, spireCrds] = madeFolders;

const heading = '{{- /* Made from deploy/overlays by `npm run chart`: change the manifests there. */ -}}\n';

/** By the overlays that have an object: which values ask for it. */
const conditions: Readonly<Record<string, string | undefined>> = {
  'default development spire': undefined,
  'default spire': 'eq .Values.identity "spire"',
  default: 'and (eq .Values.identity "spire") (not .Values.spire.enabled)',
  development: 'eq .Values.identity "development"',
  spire: '.Values.spire.enabled',
};

/** By its template's name: what asks for an object beyond that. */
const ownConditions: readonly (readonly [RegExp, string])[] = [
  [/\/crds\//, '.Values.crds.install'],
  [/objects\/namespace/, '.Values.namespace.create'],
  [/clusterspiffeid/, '.Values.spire.identities'],
];

/** Folders of templates, by what the objects' names begin with. */
const folders = [
  'featureseal-worker',
  'featureseal-master',
  'featureseal-identity-authority',
  'featureseal-identity-node-plugin',
  'featureseal-identity',
  'spire-server',
  'spire-controller-manager',
  'spire-agent',
  'spire',
  'spiffe-csi',
];

/** The files of these folders with their texts, by paths below deploy/helm/featureseal. */
export function madeFiles(kustomize: Kustomize): ReadonlyMap<string, string> {
  const files = new Map<string, { readonly text: string; readonly overlays: Overlay[] }>();
  for (const [overlay, rendering] of renderMarked(kustomize)) {
    for (const [path, text] of filesOf(overlay, rendering)) {
      const file = files.get(path) ?? { text, overlays: [] };
      if (file.text !== text)
        throw new Error(`${path} is another in ${overlay} than in ${file.overlays.join()}`);
      files.set(path, { text, overlays: [...file.overlays, overlay] });
    }
  }
  return new Map(
    [...files].map(([path, file]) => [
      path,
      path.startsWith(spireCrds)
        ? file.text
        : heading + guarded(file.text, conditionsOf(path, file.overlays)),
    ]),
  );
}

function filesOf(overlay: Overlay, rendering: string): ReadonlyMap<string, string> {
  const documents = parseAllDocuments(rendering);
  const configs = new Map(
    documents
      .filter((each) => each.get('kind') === 'ConfigMap' && each.has('data'))
      .map((each) => [each.getIn(['metadata', 'name']) as string, pathOf(each, overlay)]),
  );
  const files = documents.map((document): [string, string] => {
    const path = pathOf(document, overlay);
    // Helm reads those as they are.
    if (path.startsWith(spireCrds)) return [path, document.toString({ lineWidth: 0, directives: false })];
    const template = new Template(document);
    offerChoices(template);
    restartWithConfig(template, configs);
    return [path, template.toString()];
  });
  const [twice] = files.filter(([path], index) => files.findIndex(([other]) => other === path) < index);
  if (twice !== undefined) throw new Error(`two objects of ${overlay} would be in ${twice[0]}`);
  return new Map(files);
}

function pathOf(document: Document, overlay: Overlay): string {
  const kind = (document.get('kind') as string).toLowerCase();
  const name = document.getIn(['metadata', 'name']) as string;
  if (kind === 'customresourcedefinition') {
    const [plural = '', group] = name.split('.');
    return `${group === 'spire' ? spireCrds : `${objects}/crds`}/${plural}.yaml`;
  }
  if (name === releaseNamespace) return `${objects}/namespace.yaml`;
  const start = folders.find((each) => name === each || name.startsWith(`${each}-`));
  const rest = start === undefined ? `-${name}` : name.slice(start.length);
  const folder = start ?? (overlay === 'development' ? 'featureseal-identity' : 'spire');
  return `${objects}/${folder.replace('featureseal-', '')}/${kind}${rest}.yaml`;
}

function conditionsOf(path: string, overlays: readonly Overlay[]): readonly string[] {
  const key = overlays.toSorted().join(' ');
  if (!(key in conditions)) throw new Error(`${path}: which values ask for what is in ${key} alone?`);
  const own = ownConditions.filter(([pattern]) => pattern.test(path)).map(([, condition]) => condition);
  return [conditions[key] ?? [], own].flat();
}

function guarded(text: string, all: readonly string[]): string {
  if (all.length === 0) return text;
  const condition = all.length === 1 ? all.join('') : `and ${all.map(bracketed).join(' ')}`;
  return `{{- if ${condition} }}\n${text}{{- end }}\n`;
}

function bracketed(condition: string): string {
  return condition.includes(' ') ? `(${condition})` : condition;
}
