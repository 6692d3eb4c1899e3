import { z } from 'zod';
import type { SettingMeta } from '../../runtime/settings.ts';
import { objectName } from '../attestation/names.ts';
import { hostAndPort, identitySettings } from '../identity-settings.ts';

const absolutePath = z.string().startsWith('/', 'must be an absolute path');

/** Configuration of the node plugin of the development identity. */
export const nodePluginConfigSchema = z.strictObject({
  ...identitySettings,
  node: objectName.meta({
    description: 'Name of the Node that this plugin runs on. Required.',
    placeholder: 'name',
    shownDefault: 'NODE_NAME',
  } satisfies SettingMeta),
  authority: hostAndPort.meta({
    description: 'Where the authority is. Required.',
    placeholder: 'host:port',
  } satisfies SettingMeta),
  bundle: absolutePath.default('/run/featureseal/bundle/bundle.pem').meta({
    description:
      'Trust bundle (PEM): the mounted ConfigMap that the authority writes. Read again when it changes.',
    placeholder: 'file',
    shownDefault: '/run/featureseal/bundle/bundle.pem',
  } satisfies SettingMeta),
  token: absolutePath.default('/run/featureseal/token/token').meta({
    description: "The plugin's own projected service account token, for the audience.",
    placeholder: 'file',
    shownDefault: '/run/featureseal/token/token',
  } satisfies SettingMeta),
  kubeletDir: absolutePath.default('/var/lib/kubelet').meta({
    description: "kubelet's folder; pods, plugins and plugins_registry in it are mounted at the same paths.",
    placeholder: 'dir',
    shownDefault: '/var/lib/kubelet',
  } satisfies SettingMeta),
});

export type NodePluginConfig = z.infer<typeof nodePluginConfigSchema>;
