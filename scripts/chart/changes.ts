import { z } from 'zod';
import { releaseNamespace } from './rendering.ts';
import type { Path, Template } from './template.ts';

const pod = ['spec', 'template', 'spec'];

/** The values of each container, by its name; of some, nothing but the image can be chosen. */
const containers: Readonly<Record<string, string | undefined>> = {
  worker: '.Values.worker',
  master: '.Values.master',
  authority: undefined,
  'node-plugin': undefined,
  'spire-server': '.Values.spire.server',
  'spire-controller-manager': '.Values.spire.controllerManager',
  'spire-agent': '.Values.spire.agent',
  'spiffe-csi-driver': '.Values.spire.csiDriver',
  'node-driver-registrar': '.Values.spire.registrar',
};

/** What a user of the chart may choose in an object, beyond the overlays' settings; by kind and name. */
const choices: Readonly<Record<string, (template: Template) => void>> = {
  'DaemonSet/featureseal-worker': (template) => {
    template.putYaml([...pod, 'tolerations'], '.Values.worker.tolerations');
  },
  'Deployment/featureseal-master': (template) => {
    template.put(['spec', 'replicas'], '.Values.master.replicas');
    template.add(pod, given('tolerations', '.Values.master.tolerations'));
  },
  'CSIDriver/csi.spiffe.io': (template) => {
    const path = ['spec', 'serviceAccountTokenInSecrets'];
    const value = template.get(path);
    if (value === undefined) return;
    // Helm has fields that a server does not know refused.
    template.remove(path);
    template.add(['spec'], () => [
      '{{- if semverCompare ">=1.35.0-0" .Capabilities.KubeVersion.Version }}',
      `serviceAccountTokenInSecrets: ${JSON.stringify(value)}`,
      '{{- end }}',
    ]);
  },
  'StatefulSet/spire-server': (template) => {
    const claim = ['spec', 'volumeClaimTemplates', 0, 'spec'];
    template.put([...claim, 'resources', 'requests', 'storage'], '.Values.spire.server.storage.size');
    template.add(claim, () => [
      '{{- with .Values.spire.server.storage.className }}',
      'storageClassName: {{ . }}',
      '{{- end }}',
    ]);
  },
  'ConfigMap/featureseal-worker-config': (template) => {
    template.edit(
      ['data', 'worker.yaml'],
      (text) => text + template.lines(settingsOf('.Values.worker.config')),
    );
  },
  'ConfigMap/featureseal-master-config': (template) => {
    template.edit(
      ['data', 'master.yaml'],
      (text) => text + template.lines(settingsOf('.Values.master.config')),
    );
    template.edit(['data', 'policy.yaml'], (text) => policyOfValues(template, text));
  },
};

/** Makes a Helm template of an object, all but its text. */
export function offerChoices(template: Template): void {
  const kind = template.get(['kind']) as string;
  const name = template.get(['metadata', 'name']) as string;
  if (kind === 'CustomResourceDefinition') {
    keep(template, 'Without it every object of this kind goes, of whomever it is.');
    return;
  }
  if (kind === 'Namespace' && name === releaseNamespace) keep(template, "Helm's own record is in it.");
  template.add(['metadata', 'labels'], (indent) => [
    `{{- include "featureseal.labels" . | nindent ${indent} }}`,
  ]);
  if (template.get(pod) !== undefined) offerContainers(template);
  choices[`${kind}/${name}`]?.(template);
}

/** Helm takes it neither off with the release nor when a later chart lacks it. */
function keep(template: Template, why: string): void {
  template.add(['metadata', 'annotations'], () => [`# ${why}`, 'helm.sh/resource-policy: keep']);
}

function offerContainers(template: Template): void {
  for (const member of ['initContainers', 'containers']) {
    const names = containerNames.parse(template.json([...pod, member]) ?? []);
    for (const [index, { name }] of names.entries()) offerContainer(template, [...pod, member, index], name);
  }
  template.add(pod, given('imagePullSecrets', '.Values.imagePullSecrets'));
}

const containerNames = z.array(z.looseObject({ name: z.string() }));

function offerContainer(template: Template, path: Path, name: string): void {
  if (!(name in containers)) throw new Error(`which values are those of the container ${name}?`);
  const values = containers[name];
  const isOwn = /(^|\/)featureseal(:|$)/.test(template.get([...path, 'image']) as string);
  template.put([...path, 'image'], isOwn ? 'include "featureseal.image" .' : `${values ?? ''}.image`);
  if (isOwn) template.put([...path, 'imagePullPolicy'], '.Values.image.pullPolicy');
  if (values !== undefined) template.putYaml([...path, 'resources'], `${values}.resources`);
}

/** The member with the value's list, where that is not empty. */
function given(member: string, value: string): (indent: number) => readonly string[] {
  return (indent) => [
    `{{- with ${value} }}`,
    `${member}:`,
    `  {{- toYaml . | nindent ${indent + 2} }}`,
    '{{- end }}',
  ];
}

function settingsOf(value: string): (indent: number) => readonly string[] {
  return (indent) => [`{{- with ${value} }}`, `{{- toYaml . | nindent ${indent} }}`, '{{- end }}'];
}

/** The signers of the manifest are those of values.yaml; a test holds them equal. */
function policyOfValues(template: Template, text: string): string {
  const changed = /^(.*\nmode: )enforce\nsigners:\n(?: .*\n)+$/s.exec(text);
  if (changed === null) throw new Error('policy.yaml is not what it was: mode and signers at its end');
  const signers = template.lines((indent) => [
    `{{- tpl (toYaml .Values.policy.signers) . | nindent ${indent} }}`,
  ]);
  return `${changed[1] ?? ''}${template.inline('include "featureseal.mode" .')}\nsigners:\n  ${signers}\n`;
}

/**
 * Pods restart when what they mount has changed.
 *
 * @param templates by the names of the ConfigMaps that are made from files, where their templates are
 */
export function restartWithConfig(template: Template, templates: ReadonlyMap<string, string>): void {
  const volumes = z.array(volumeShape).safeParse(template.json([...pod, 'volumes'])).data ?? [];
  for (const { configMap } of volumes) {
    const path = templates.get(configMap?.name ?? '');
    if (path === undefined) continue;
    template.add(['spec', 'template', 'metadata', 'annotations'], () => [
      `checksum/${configMap?.name ?? ''}: {{ include (print $.Template.BasePath "${path.replace('templates', '')}") . | sha256sum }}`,
    ]);
  }
}

const volumeShape = z.looseObject({ configMap: z.looseObject({ name: z.string() }).optional() });
