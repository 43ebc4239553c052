{{- define "triage.labels" -}}
app.kubernetes.io/name: support-triage
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "triage.selector" -}}
app.kubernetes.io/name: support-triage
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "triage.deployment" -}}
{{- if not (has .root.Values.intake.way (list "socket-mode" "http")) }}
{{- fail (printf "intake.way: unknown value %q. Use socket-mode or http." .root.Values.intake.way) }}
{{- end }}
{{- $own := index .root.Values .role -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .root.Release.Name }}-{{ .role }}
  labels:
    {{- include "triage.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
spec:
  {{- if not (and (eq .role "worker") .root.Values.keda.enabled) }}
  replicas: {{ $own.replicas }}
  {{- end }}
  strategy:
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  selector:
    matchLabels:
      {{- include "triage.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "triage.selector" . | nindent 8 }}
      annotations:
        checksum/config: {{ .root.Values.config | sha256sum }}
    spec:
      terminationGracePeriodSeconds: 45
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: {{ .role }}
          image: "{{ .root.Values.image.repository }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}"
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args:
            - run
            - --role
            - {{ .role }}
            {{- if and (eq .role "intake") (eq .root.Values.intake.way "http") }}
            - --port
            - "3000"
            {{- end }}
          envFrom:
            - secretRef: {name: {{ .root.Values.secretName }}}
          env:
            - {name: TRIAGE_HOST, value: "0.0.0.0"}
            - {name: TRIAGE_METRICS_PORT, value: "9400"}
          ports:
            - {name: metrics, containerPort: 9400}
            {{- if and (eq .role "intake") (eq .root.Values.intake.way "http") }}
            - {name: http, containerPort: 3000}
            {{- end }}
          # Liveness ignores Slack and Redis: a restart does not help if they are down.
          startupProbe:
            httpGet: {path: /healthz, port: metrics}
            periodSeconds: 2
            failureThreshold: 60
          readinessProbe:
            httpGet: {path: /readyz, port: metrics}
            periodSeconds: 5
            timeoutSeconds: 3
          livenessProbe:
            httpGet: {path: /healthz, port: metrics}
            periodSeconds: 10
            timeoutSeconds: 3
          lifecycle:
            # The process keeps listening until the load balancer has stopped sending.
            preStop: {exec: {command: [sleep, "5"]}}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          resources:
            {{- toYaml $own.resources | nindent 12 }}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            - {name: data, mountPath: /data}
            {{- if .root.Values.config }}
            - {name: config, mountPath: /etc/triage}
            {{- end }}
      volumes:
        - {name: tmp, emptyDir: {}}
        - {name: data, emptyDir: {}}
        {{- if .root.Values.config }}
        - name: config
          configMap: {name: {{ .root.Release.Name }}-config}
        {{- end }}
{{- end }}
