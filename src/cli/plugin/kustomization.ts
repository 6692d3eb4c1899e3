/**
 * A kustomize component that puts a plugin into the workers of a cluster, beside their configuration. It stands behind
 * deploy/components/plugins, which names the plugins that run anyway. `folder` is the name of the one that it stands in.
 */
export function kustomizationText(name: string, folder: string, options: string): string {
  const map = `featureseal-plugin-${name}`;
  return `# Puts this plugin into the workers of a cluster. For a kustomization that has an overlay of Featureseal among its resources:
#   resources: [../deploy/overlays/default]
#   components: [../deploy/components/plugins, ../${folder}]
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
configMapGenerator:
  # The name gets a digest: workers restart, a few at a time, when one of these has changed.
  - name: ${map}
    namespace: from-settings
    # Every file that the plugin is made of.
    files: [index.js, package.json]
    literals:
      # Its entry in the list \`plugins\` of the worker's configuration, indented as it stands there.
      - |-
        entry=  - module: ./${name}/index.js
            options: ${options}
patches:
  - target:
      kind: DaemonSet
      name: featureseal-worker
    patch: |-
      - op: add
        path: /spec/template/spec/volumes/-
        value: { name: plugin-${name}, configMap: { name: ${map} } }
      - op: add
        path: /spec/template/spec/containers/0/volumeMounts/-
        value: { name: plugin-${name}, mountPath: /etc/featureseal/${name}, readOnly: true }
      # Of the host a worker sees /sys, /boot, /lib/modules, /usr/lib, /usr/src, /etc/os-release and the features.d of local,
      # and the files of /proc that are the kernel's. What a plugin reads besides is mounted below /host:
      # - op: add
      #   path: /spec/template/spec/volumes/-
      #   value: { name: host-${name}, hostPath: { path: /etc/example } }
      # - op: add
      #   path: /spec/template/spec/containers/0/volumeMounts/-
      #   value: { name: host-${name}, mountPath: /host/etc/example, readOnly: true }
replacements:
  # The namespace of the workers. Where \`featureseal-plugins\` is not found, deploy/components/plugins does not come before this.
  - source:
      kind: ConfigMap
      name: featureseal-plugins
      fieldPath: metadata.namespace
    targets:
      - select:
          kind: ConfigMap
          name: ${map}
        fieldPaths:
          - metadata.namespace
  # An index beyond the lines of the configuration appends.
  - source:
      kind: ConfigMap
      name: ${map}
      fieldPath: data.entry
    targets:
      - select:
          kind: ConfigMap
          name: featureseal-worker-config
        fieldPaths:
          - data.[worker.yaml]
        options:
          delimiter: "\\n"
          index: 1000
`;
}
