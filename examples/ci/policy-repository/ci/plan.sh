#!/bin/sh
# Plans a Terraform configuration and leaves the plan as JSON in its folder, for the time of the job.
#
#   plan.sh FOLDER      writes FOLDER/plan.json
#
# The plan holds every value in the clear, those that Terraform marks as sensitive too: it is for this job alone, and no artifact.
set -eu
umask 077

export TF_IN_AUTOMATION=1

folder=$1
# What the change brings under that name, a link to elsewhere for example, is not written through.
rm -f "$folder/plan.json" "$folder/tollgate.tfplan"
terraform -chdir="$folder" init -input=false -lockfile=readonly
terraform -chdir="$folder" plan -input=false -lock=false -out=tollgate.tfplan
terraform -chdir="$folder" show -json tollgate.tfplan >"$folder/plan.json"
rm -f "$folder/tollgate.tfplan"
