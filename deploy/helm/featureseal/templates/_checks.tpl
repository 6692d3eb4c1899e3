{{/* Faults, a line each, with what to do. What is wrong with one value alone, values.schema.json says. */}}

{{- define "featureseal.missing" -}}
{{- if not .Values.trustDomain }}
- trustDomain is missing: set the trust domain of your SPIRE (spire-server's trust_domain), as in --set trustDomain=example.org
{{- end }}
{{- if not .Values.cluster }}
- cluster is missing: set this cluster's name, the one in the workers' SPIFFE IDs, as in --set cluster=demo
{{- end }}
{{- if not .Values.image.repository }}
- image.repository is missing: no registry carries the image; make it with scripts/build-image, push it to yours, and name it
{{- end }}
{{- with .Values.spire }}
{{- if and (eq $.Values.identity "spire") .identities (not .enabled) (not .className) }}
- spire.className is missing: a ClusterSPIFFEID of another class than SPIRE's controller manager has is ignored; set what `kubectl get clusterspiffeids -o yaml | grep className` shows (NAMESPACE-RELEASE of SPIRE's Helm release), or spire.enabled=true for a cluster without SPIRE, or spire.identities=false where entries are made in another way
{{- end }}
{{- end }}
{{- end }}

{{- define "featureseal.contradictions" -}}
{{- $mode := include "featureseal.mode" . }}
{{- $signers := tpl (toYaml .Values.policy.signers) . | fromYamlArray }}
{{- $namespaces := list }}
{{- range $signers }}
{{- $namespaces = append $namespaces .namespace }}
{{- end }}
{{- if and (ne $mode "off") (not $signers) }}
- policy.signers is empty and mode is {{ $mode }}: nobody could speak for a node; name signers, or set mode to off
{{- else if and (eq $mode "enforce") (not (has .Release.Namespace $namespaces)) }}
- policy.signers has no entry for the namespace {{ .Release.Namespace }}, where the workers write: every object of theirs would be refused; add one
{{- end }}
{{- if ne (len $namespaces) (len (uniq $namespaces)) }}
- policy.signers names a namespace twice ({{ join ", " $namespaces }}): list several spiffeIDs in one entry instead
{{- end }}
{{- if and (eq .Values.identity "development") (eq .Release.Namespace "featureseal-identity") }}
- the release is in featureseal-identity, the namespace of the development identity, where nobody else may create pods: use another, as in --namespace featureseal
{{- end }}
{{- end }}

{{- define "featureseal.spire" -}}
{{- with .Values.spire }}
{{- if and .enabled (eq $.Values.identity "development") }}
- identity is development and spire.enabled is true: both would bring the driver csi.spiffe.io; choose one
{{- end }}
{{- $tag := regexFind "[0-9]+\\.[0-9]+\\.[0-9]+$" .csiDriver.image }}
{{- if and .enabled $tag }}
{{- if semverCompare "<0.2.12" $tag }}
- spire.csiDriver.image is {{ .csiDriver.image }}: below 0.2.12 the driver adds a mount to every volume at each restart of kubelet, until the node dies of it; take 0.2.12 or newer
{{- end }}
{{- end }}
{{- if and .enabled (has $.Release.Namespace (list "spire-server" "spire-system" "spiffe-csi")) }}
- the release is in {{ $.Release.Namespace }}, a namespace of SPIRE, whose pods get no identity; use another, as in --namespace featureseal
{{- end }}
{{- end }}
{{- end }}

{{/* What a cluster has already that this release would take over, or lacks. Empty where Helm asks no cluster (helm template). */}}
{{- define "featureseal.cluster" -}}
{{- if .Values.crds.install }}
{{- range list "nodefeatures" "nodefeaturerules" "nodefeaturegroups" }}
{{- $name := printf "%s.nfd.k8s-sigs.io" . }}
{{- $theirs := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" $name }}
{{- if eq (include "featureseal.isForeign" (dict "object" $theirs "release" $.Release)) "true" }}
- the definition {{ $name }} is there already, from NFD or from kubectl, and may know more fields: leave it with --set crds.install=false
{{- end }}
{{- end }}
{{- end }}
{{- if or (eq .Values.identity "development") .Values.spire.enabled }}
{{- $theirs := lookup "storage.k8s.io/v1" "CSIDriver" "" "csi.spiffe.io" }}
{{- if eq (include "featureseal.isForeign" (dict "object" $theirs "release" $.Release)) "true" }}
- another driver has the name csi.spiffe.io in this cluster: SPIRE is there; use it with --set identity=spire,spire.enabled=false
{{- end }}
{{- end }}
{{- if and (eq .Values.identity "spire") (not .Values.spire.enabled) (lookup "v1" "Namespace" "" "kube-system") }}
{{- if not (lookup "storage.k8s.io/v1" "CSIDriver" "" "csi.spiffe.io") }}
- no driver csi.spiffe.io is in this cluster, so no pod would get its socket: install SPIRE's, or bring SPIRE with --set spire.enabled=true
{{- end }}
{{- if and .Values.spire.identities (not (lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "clusterspiffeids.spire.spiffe.io")) }}
- no spire-controller-manager is in this cluster, so nobody reads ClusterSPIFFEIDs: bring SPIRE with --set spire.enabled=true, or, where entries are made in another way, leave them out with --set spire.identities=false
{{- end }}
{{- end }}
{{- end }}

{{- define "featureseal.isForeign" -}}
{{- if .object }}
{{- ne (dig "metadata" "annotations" "meta.helm.sh/release-name" "" .object) .release.Name }}
{{- end }}
{{- end }}
