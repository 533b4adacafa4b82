#!/bin/sh
# Makes a certificate authority and one certificate for each node, once. Every node gets its own key and nobody else's, the
# servers get the authority's certificate; its key stays in a volume that nothing else mounts.
set -eu
if [ -f /authority/ca.crt ]; then
  echo 'the certificates are there'
  exit 0
fi
cd /authority
es-gencert-cli create-ca -out new
for number in 1 2 3; do
  es-gencert-cli create-node -ca-certificate new/ca.crt -ca-key new/ca.key -out "node-$number" \
    -dns-names "kurrentdb-$number,localhost" -ip-addresses 127.0.0.1
  mkdir -p "/node-$number/ca"
  cp "node-$number/node.crt" "node-$number/node.key" "/node-$number/"
  cp new/ca.crt "/node-$number/ca/"
  # The image of KurrentDB runs as user 1000.
  chown -R 1000:1000 "/node-$number"
  chmod 400 "/node-$number/node.key"
  rm -r "node-$number"
done
cp new/ca.crt /public/
chmod 444 /public/ca.crt
chmod 400 new/ca.key
# Last: what is here was made whole.
mv new/ca.key ca.key
mv new/ca.crt ca.crt
rmdir new
