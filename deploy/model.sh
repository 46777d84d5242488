#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs `galen model …` in the cluster, where the repository is: a Job with the claim galen-models to write
# to and an audit trail of its own (claim galen-operator-audit). Prints what it says; ends with its exit code.
#
#   deploy/model.sh promote clinical-ner 3 --reason 'ticket 812'
#   deploy/model.sh canary clinical-ner --version 3 --percent 5 --auto
#   deploy/model.sh list
#
# KUBECTL is the client (kubectl), NAMESPACE the namespace (galen); the image is the gateway's.
set -eu

kubectl=${KUBECTL:-kubectl}
namespace=${NAMESPACE:-galen}
actor=${ACTOR:-$(id -un)}
name=galen-model-$(date +%s)-$$
image=$("$kubectl" -n "$namespace" get statefulset galen-gateway -o jsonpath='{.spec.template.spec.containers[0].image}')

# One JSON string of each word.
quote() {
    printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$/"/'
}

words='"model"'
for word in "$@"; do
    words="$words, $(quote "$word")"
done
case ${1:-} in
promote | rollback | canary | disable | enable) words="$words, \"--actor\", $(quote "$actor")" ;;
esac

"$kubectl" apply -f - > /dev/null << END
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: galen-operator-audit, namespace: $namespace}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: $name
  namespace: $namespace
  labels: {app.kubernetes.io/name: galen, app.kubernetes.io/component: operator}
spec:
  backoffLimit: 0
  ttlSecondsAfterFinished: 3600
  template:
    metadata:
      labels: {app.kubernetes.io/name: galen, app.kubernetes.io/component: operator}
    spec:
      restartPolicy: Never
      serviceAccountName: galen
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: galen
          image: $image
          args: [$words]
          env:
            - {name: GALEN_REPOSITORY, value: /models}
            - {name: GALEN_KEYS_DIRECTORY, value: /etc/galen/keys}
            - {name: GALEN_AUDIT_DIRECTORY, value: /audit}
            - {name: GALEN_AUDIT_WITNESS, value: /witness}
            - {name: GALEN_UPSTREAM_TLS_CA, value: /etc/galen/internal/ca.crt}
            - {name: GALEN_UPSTREAM_TLS_CERTIFICATE, value: /etc/galen/internal/tls.crt}
            - {name: GALEN_UPSTREAM_TLS_KEY, value: /etc/galen/internal/tls.key}
          resources:
            requests: {cpu: 50m, memory: 64Mi, ephemeral-storage: 16Mi}
            limits: {cpu: '1', memory: 512Mi, ephemeral-storage: 64Mi}
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
          volumeMounts:
            - {name: keys, mountPath: /etc/galen/keys, readOnly: true}
            - {name: internal, mountPath: /etc/galen/internal, readOnly: true}
            - {name: models, mountPath: /models}
            - {name: audit, mountPath: /audit}
            - {name: witness, mountPath: /witness, subPath: galen-operator}
      volumes:
        - {name: keys, secret: {secretName: galen-keys, defaultMode: 0440}}
        - {name: internal, secret: {secretName: galen-internal-operator, defaultMode: 0440, optional: true}}
        - {name: models, persistentVolumeClaim: {claimName: galen-models}}
        - {name: audit, persistentVolumeClaim: {claimName: galen-operator-audit}}
        - {name: witness, persistentVolumeClaim: {claimName: galen-witness}}
END

# Either condition ends the wait.
while [ -z "$("$kubectl" -n "$namespace" get job "$name" -o jsonpath='{.status.conditions[?(@.status=="True")].type}')" ]; do
    "$kubectl" -n "$namespace" wait job "$name" --for=condition=Complete --timeout=2s > /dev/null 2>&1 || true
done
"$kubectl" -n "$namespace" logs "job/$name"
code=$("$kubectl" -n "$namespace" get pods -l "job-name=$name" \
    -o jsonpath='{.items[0].status.containerStatuses[0].state.terminated.exitCode}')
exit "${code:-1}"
