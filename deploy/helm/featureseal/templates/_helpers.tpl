{{/* What Helm adds to the labels of the manifests. */}}
{{- define "featureseal.labels" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "featureseal.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}
{{- end }}

{{/* YAML reads a bare off as false. */}}
{{- define "featureseal.mode" -}}
{{ kindIs "bool" .Values.mode | ternary "off" .Values.mode }}
{{- end }}

{{/* The checks see to it that it is given where SPIRE is there already. */}}
{{- define "featureseal.spireClass" -}}
{{ .Values.spire.className | default "featureseal" }}
{{- end }}
