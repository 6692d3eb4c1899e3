/** The object of SPIFFE's own driver, as its project (spiffe/spiffe-csi) and its Helm charts make it. */
export const spiffeCsiDriver = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSIDriver',
  metadata: {
    name: 'csi.spiffe.io',
    labels: { 'security.openshift.io/csi-ephemeral-volume-profile': 'restricted' },
  },
  spec: {
    attachRequired: false,
    podInfoOnMount: true,
    fsGroupPolicy: 'None',
    volumeLifecycleModes: ['Ephemeral'],
  },
} as const;
