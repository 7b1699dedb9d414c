#!/usr/bin/env bash
# The playbook three times: what it makes, that it then has nothing to do, and that it can all be removed.
# azure.azcollection asks the Azure CLI's own configuration for its credentials.
set -u

az() {
    command az "$@" --only-show-errors >az.log 2>&1 && return
    cat az.log >&2
    exit 2
}
az cloud register -n FakeAzure --endpoint-resource-manager "$FAKE_ARM_URL"
az cloud set -n FakeAzure
az login --service-principal -u "$FAKE_CLIENT_ID" -p "$FAKE_CLIENT_SECRET" --tenant "$FAKE_TENANT"

# say SENTENCE PLAYBOOK PATTERN: the playbook succeeds, and its recap has the pattern.
failed=0
say() {
    if ansible-playbook --inventory localhost, --connection local --extra-vars "ansible_python_interpreter=$(command -v python3)" "$2" >"$2.log" 2>&1 &&
        grep --quiet --extended-regexp "$3" "$2.log"; then
        echo "ok $1"
    else
        echo "not ok $1"
        tail --lines 40 "$2.log" | sed 's/^/  /'
        failed=1
    fi
}
export ANSIBLE_AZURE_AUTH_SOURCE=cli ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_DEPRECATION_WARNINGS=false ANSIBLE_NOCOLOR=true ANSIBLE_HOME=$HOME/ansible
say 'a playbook makes a network, a machine and a disk' create.yml 'changed=[1-9][0-9]* .*failed=0'
say 'the second time there is nothing to do' create.yml 'changed=0 .*failed=0'
say 'refusals come as Azure words them' refuse.yml 'failed=0'
say 'a playbook removes it all' remove.yml 'changed=[1-9][0-9]* .*failed=0'
exit $failed
