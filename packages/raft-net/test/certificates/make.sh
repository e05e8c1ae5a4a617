#!/bin/sh
# Makes the certificates of these tests anew: one that a cluster's authority signed, and one that another did.
set -eu
cd "$(dirname "$0")"
names="subjectAltName=DNS:localhost,IP:127.0.0.1"
for signer in cluster elsewhere; do
  openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 \
    -subj "/CN=$signer" -keyout "$signer.key" -out "$signer.crt"
done
for pair in member:cluster stranger:elsewhere; do
  who=${pair%:*} signer=${pair#*:}
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$who" -addext "$names" \
    -keyout "$who.key" -out "$who.csr"
  openssl x509 -req -in "$who.csr" -copy_extensions copy -CA "$signer.crt" -CAkey "$signer.key" -CAcreateserial \
    -days 36500 -out "$who.crt"
done
rm -f ./*.csr ./*.srl cluster.key elsewhere.key elsewhere.crt
