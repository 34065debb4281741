{{- define "kms.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "kms.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "kms.labels" -}}
{{ include "kms.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "kms.image" -}}
{{- if .Values.image.digest }}{{ printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}{{ printf "%s:%s" .Values.image.repository .Values.image.tag }}{{ end }}
{{- end }}

{{/* By which clients in the cluster reach the Service, and from outside of it. */}}
{{- define "kms.names" -}}
{{- $name := include "kms.fullname" . }}
{{- $space := printf "%s.%s" $name .Release.Namespace }}
{{- join "," (concat (list $name $space (printf "%s.svc" $space) (printf "%s.svc.cluster.local" $space)) .Values.tls.names) }}
{{- end }}

{{/* What the schema cannot say: values that need one another. Nothing is made where one of these fails. */}}
{{- define "kms.check" -}}
{{- $v := .Values }}
{{- if and (eq $v.domain "production") (not $v.image.digest) }}
{{- fail "image.digest is not set: a production server runs the image that was compared, so name it as sha256:…" }}
{{- end }}
{{- if not (or $v.image.digest $v.image.tag) }}
{{- fail "neither image.digest nor image.tag is set: name the image to run" }}
{{- end }}
{{- if not $v.database.existingSecret }}
{{- fail (printf "database.existingSecret is not set: make a Secret with the keys %s and %s, and name it" $v.database.urlKey $v.database.ownerUrlKey) }}
{{- end }}
{{- if and $v.token.uri $v.rootKey.existingSecret }}
{{- fail "token.uri and rootKey.existingSecret are both set: a server has its root in one place" }}
{{- end }}
{{- if and (eq $v.domain "production") (not (or $v.token.uri $v.rootKey.existingSecret)) }}
{{- fail "neither token.uri nor rootKey.existingSecret is set: a production server needs a token or a root key" }}
{{- end }}
{{- if and $v.token.uri (not $v.token.pinSecret) }}
{{- fail (printf "token.pinSecret is not set: make a Secret with the key %s, the token's user PIN, and name it" $v.token.pinKey) }}
{{- end }}
{{- if and $v.token.uri (not $v.token.libraryVolume) }}
{{- fail "token.libraryVolume is not set: name the volume with the token's PKCS#11 library" }}
{{- end }}
{{- range $name := list "secondUri" "librarySha256" "env" "initString" }}
{{- if and (get $v.token $name) (not $v.token.uri) }}
{{- fail (printf "token.%s is set and token.uri is not" $name) }}
{{- end }}
{{- end }}
{{- if and $v.tls.names $v.tls.existingSecret }}
{{- fail "tls.names and tls.existingSecret are both set: the names are for the certificate that the server signs itself" }}
{{- end }}
{{- if and (gt (int $v.replicas) 1) (not $v.persistence.existingClaim) }}
{{- fail "replicas is more than 1 and persistence.existingClaim is not set: name a claim that several nodes may write to (ReadWriteMany), which the pods share" }}
{{- end }}
{{- if and (gt (int $v.replicas) 1) (not (or $v.token.uri $v.rootKey.existingSecret)) }}
{{- fail "replicas is more than 1 and the root is in a soft token: name token.uri or rootKey.existingSecret, which every pod reaches" }}
{{- end }}
{{- if and $v.kmip.clientCaSecret (not $v.kmip.enabled) }}
{{- fail "kmip.clientCaSecret is set and kmip.enabled is not" }}
{{- end }}
{{- if $v.networkPolicy.enabled }}
{{- if eq (toJson $v.networkPolicy.egress) "[{\"ports\":[{\"port\":5432,\"protocol\":\"TCP\"}]}]" }}
{{- range $name, $value := dict "redis.existingSecret" $v.redis.existingSecret "settings.otlpEndpoint" $v.settings.otlpEndpoint "settings.egressPrivateHosts" $v.settings.egressPrivateHosts }}
{{- if $value }}
{{- fail (printf "%s is set and networkPolicy.egress lets the server reach DNS and port 5432 alone: add a rule for it, and keep the one of the database" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and (eq $v.service.type "LoadBalancer") (not $v.networkPolicy.clients) }}
{{- fail "service.type is LoadBalancer and networkPolicy.clients is empty: nobody outside of the namespace would reach the server. Name who may call it" }}
{{- end }}
{{- end }}
{{- if .Release.IsUpgrade }}
{{- include "kms.checkState" . }}
{{- end }}
{{- if $v.verifySecrets }}
{{- include "kms.checkSecret" (dict "root" . "name" $v.database.existingSecret "keys" (concat (list $v.database.urlKey $v.database.ownerUrlKey) (compact (list $v.database.readUrlKey))) "value" "database.existingSecret") }}
{{- include "kms.checkSecret" (dict "root" . "name" $v.token.pinSecret "keys" (list $v.token.pinKey) "value" "token.pinSecret") }}
{{- include "kms.checkSecret" (dict "root" . "name" $v.rootKey.existingSecret "keys" (list $v.rootKey.key) "value" "rootKey.existingSecret") }}
{{- include "kms.checkSecret" (dict "root" . "name" $v.redis.existingSecret "keys" (list $v.redis.urlKey) "value" "redis.existingSecret") }}
{{- include "kms.checkSecret" (dict "root" . "name" $v.tls.existingSecret "keys" (list "tls.crt" "tls.key") "value" "tls.existingSecret") }}
{{- include "kms.checkSecret" (dict "root" . "name" $v.kmip.clientCaSecret "keys" (list "ca.crt") "value" "kmip.clientCaSecret") }}
{{- end }}
{{- end }}

{{/* Kubernetes never changes where the pods of a StatefulSet keep their state. */}}
{{- define "kms.checkState" -}}
{{- $space := .Release.Namespace }}
{{- $claim := .Values.persistence.existingClaim }}
{{- if lookup "v1" "Namespace" "" $space }}
{{- with lookup "apps/v1" "StatefulSet" $space (include "kms.fullname" .) }}
{{- $own := .spec.volumeClaimTemplates }}
{{- if and $claim $own }}
{{- fail (printf "persistence.existingClaim is set and the StatefulSet %s keeps its state in the claim state-%s-0: scale it to 0, copy that volume into %s, delete the StatefulSet, and upgrade again (docs/install-server.md)" .metadata.name .metadata.name $claim) }}
{{- end }}
{{- if not (or $claim $own) }}
{{- fail (printf "persistence.existingClaim is not set and the StatefulSet %s keeps its state in a claim that was named: name it again, else the server would start as a new one" .metadata.name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* `helm template` and a client's dry run see no cluster: there the namespace is absent too, and nothing is looked at. */}}
{{- define "kms.checkSecret" -}}
{{- $space := .root.Release.Namespace }}
{{- if and .name (lookup "v1" "Namespace" "" $space) }}
{{- $secret := lookup "v1" "Secret" $space .name }}
{{- if not $secret }}
{{- fail (printf "%s: there is no Secret %s in namespace %s: make it with the keys %s" .value .name $space (join ", " .keys)) }}
{{- end }}
{{- range .keys }}
{{- if not (get ($secret.data | default dict) .) }}
{{- fail (printf "%s: the Secret %s in namespace %s has no key %s" $.value $.name $space .) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "kms.container" -}}
image: {{ include "kms.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  capabilities: { drop: [ALL] }
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "kms.mounts" -}}
- { name: state, mountPath: /var/lib/lux-custody }
- { name: tmp, mountPath: /tmp }
- { name: database-url, mountPath: /run/secrets/database, readOnly: true }
{{- if .Values.token.uri }}
- { name: pin, mountPath: /run/custody }
- { name: library, mountPath: /opt/pkcs11, readOnly: true }
{{- end }}
{{- if .Values.rootKey.existingSecret }}
- { name: root-key, mountPath: /run/secrets/root-key, readOnly: true }
{{- end }}
{{- end }}

{{- define "kms.environment" -}}
- { name: LUX_SERVER_STATE, value: /var/lib/lux-custody/state }
- { name: DATABASE_URL_FILE, value: /run/secrets/database/url }
{{- if .Values.rootKey.existingSecret }}
- { name: ROOT_ENCRYPTION_KEY_FILE, value: /run/secrets/root-key/root-key }
{{- end }}
{{- with .Values.token.secondUri }}
- { name: HSM_SECOND_TOKEN_URI, value: {{ . | quote }} }
{{- end }}
{{- with .Values.token.librarySha256 }}
- { name: HSM_LIBRARY_SHA256, value: {{ . | quote }} }
{{- end }}
{{- end }}
