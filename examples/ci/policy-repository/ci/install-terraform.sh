#!/bin/sh
# Fetches Terraform and holds it against the digest that was written down.
#
#   install-terraform.sh FOLDER     leaves FOLDER/terraform
#
# TERRAFORM_VERSION     1.9.8
# TERRAFORM_SHA256      of the zip for linux_amd64, as terraform_VERSION_SHA256SUMS tells it
set -eu

mkdir -p "$1"
archive=$1/terraform.zip
curl --fail --silent --show-error --location --output "$archive" \
    "https://releases.hashicorp.com/terraform/$TERRAFORM_VERSION/terraform_${TERRAFORM_VERSION}_linux_amd64.zip"
echo "$TERRAFORM_SHA256  $archive" | sha256sum --check
unzip -o -q "$archive" terraform -d "$1"
rm "$archive"
