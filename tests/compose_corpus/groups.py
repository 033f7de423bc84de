"""Every group of the corpus."""
import groups_combined
import groups_documents
import groups_files
import groups_services
import groups_variables
import key_table


def all_groups():
    groups = [*key_table.groups()]
    for module in (groups_variables, groups_documents, groups_files, groups_services, groups_combined):
        groups += module.groups()
    return groups
