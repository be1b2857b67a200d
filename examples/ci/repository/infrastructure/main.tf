# The job grows from 4 workers to 10; the cluster is new.
terraform {
  required_providers {
    databricks = { source = "databricks/databricks" }
  }
}

provider "databricks" {
  host = "https://adb-1234567890123456.7.azuredatabricks.net"
}

resource "databricks_job" "ingest" {
  name = "ingest"

  schedule {
    quartz_cron_expression = "0 30 2 * * ?"
    timezone_id            = "UTC"
  }

  job_cluster {
    job_cluster_key = "main"

    new_cluster {
      spark_version = "16.4.x-scala2.12"
      node_type_id  = "Standard_DS3_v2"
      num_workers   = 10
      custom_tags   = { team = "data" }

      azure_attributes {
        availability    = "SPOT_WITH_FALLBACK_AZURE"
        first_on_demand = 1
      }
    }
  }

  task {
    task_key        = "load"
    job_cluster_key = "main"

    notebook_task {
      notebook_path = "/Repos/ingest/load"
    }
  }
}

resource "databricks_cluster" "explore" {
  cluster_name            = "explore"
  spark_version           = "16.4.x-scala2.12"
  node_type_id            = "Standard_DS3_v2"
  num_workers             = 2
  autotermination_minutes = 30
  custom_tags             = { team = "analytics" }
}
