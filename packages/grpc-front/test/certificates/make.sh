#!/bin/sh
# Makes the certificates of the tests again: two authorities, a server and a client of the first, a client of the second.
set -eu
cd "$(dirname "$0")"
authority() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
  openssl req -new -x509 -key "$1.key" -subj "/CN=$1" -days 36500 -out "$1.crt"
}
signed() { # NAME COMMON-NAME AUTHORITY
  openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
  openssl req -new -key "$1.key" -subj "/CN=$2" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -out request
  openssl x509 -req -in request -copy_extensions copy -CA "$3.crt" -CAkey "$3.key" \
    -set_serial "0x$(openssl rand -hex 8)" -days 36500 -out "$1.crt"
  rm request
}
authority authority
authority other-authority
signed server server authority
signed alice alice authority
signed mallory alice other-authority
rm -f authority.key other-authority.key other-authority.crt
