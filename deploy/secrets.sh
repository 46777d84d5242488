#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes what k8s.yaml asks of the site, for a TRIAL: an authority, certificates, keys and an issuer of
# tokens, all of it unencrypted in a folder, good for 30 days. Not for patients' data: there your own
# authority (cert-manager), your identity provider and your vault make these objects; docs/deployment.md
# has their names.
#
#   deploy/secrets.sh [FOLDER]    FOLDER: trial
#
# GALEN is the program (build/galen), KUBECTL the client (kubectl), NAMESPACE the namespace (galen).
set -eu

folder=${1:-trial}
galen=${GALEN:-build/galen}
kubectl=${KUBECTL:-kubectl}
namespace=${NAMESPACE:-galen}
issuer=https://trial.invalid

umask 077
mkdir -p "$folder"
cd "$(dirname "$galen")" && galen=$PWD/$(basename "$galen") && cd - > /dev/null
cd "$folder"

make_key() {
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2> /dev/null
}

# certify NAME ALTERNATIVES: NAME.key, NAME.crt
certify() {
    make_key "$1.key"
    openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$2" > "$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile "$1.ext" \
        -out "$1.crt" 2> /dev/null
    rm "$1.csr" "$1.ext"
}

# A name as clients inside and outside of the namespace have it.
names() {
    printf 'DNS:%s,DNS:%s.%s,DNS:%s.%s.svc,DNS:%s.%s.svc.cluster.local' \
        "$1" "$1" "$namespace" "$1" "$namespace" "$1" "$namespace"
}

# apply KIND NAME OPTION...: makes the object, or renews it
apply() {
    kind=$1
    name=$2
    shift 2
    # shellcheck disable=SC2086 # the kind may be two words
    made=$("$kubectl" -n "$namespace" create $kind "$name" "$@" --dry-run=client -o yaml)
    printf '%s\n' "$made" | "$kubectl" apply -f -
}

apply_identity() {
    apply 'secret generic' "galen-internal-$1" --from-file=ca.crt \
        --from-file=tls.crt="galen-$1.crt" --from-file=tls.key="galen-$1.key"
}

if [ ! -f ca.key ]; then
    make_key ca.key
    openssl req -x509 -key ca.key -days 30 -subj '/CN=galen trial' -out ca.crt
fi
certify public "$(names galen-gateway),DNS:localhost,IP:127.0.0.1"
certify galen-gateway "$(names galen-gateway)"
certify galen-engine "$(names galen-engine),$(names galen-engine-green)"
certify galen-preprocess "DNS:galen-preprocess,$(names galen-preprocess-text),$(names galen-preprocess-image)"
certify galen-operator DNS:galen-operator
certify client DNS:trial-client
[ -d keys ] || "$galen" key rotate --all --keys keys > /dev/null 2>&1
[ -d issuer ] || "$galen" token keygen issuer > /dev/null

"$kubectl" get namespace "$namespace" > /dev/null 2>&1 || "$kubectl" create namespace "$namespace"
apply configmap galen-site --from-literal=issuer="$issuer" --from-literal=jwks=/etc/galen/site/jwks.json \
    --from-file=issuer/jwks.json
apply 'secret generic' galen-tls --from-file=ca.crt --from-file=tls.crt=public.crt --from-file=tls.key=public.key
apply_identity gateway
apply_identity engine
apply_identity preprocess
apply_identity operator
apply 'secret generic' galen-keys --from-file=keys

cat << END

TRIAL: not for patients' data. A token for a quarter of an hour, and a first question:
  $galen token issue --key $PWD/issuer --issuer $issuer --audience galen --subject trial \\
      --scope 'infer:clinical-ner infer:phantom-nodule infer:breast-cancer' > $PWD/token
  $kubectl -n $namespace port-forward service/galen-gateway 8000 &
  $galen infer --url https://localhost:8000 --ca $PWD/ca.crt --token-file $PWD/token examples/note.txt
END
