# The eight rules of tests/fixtures/eight-rules once more, for regorus.
package eight_rules

import rego.v1

rate := {
	"Standard_D4ds_v5": 1000, "Standard_D8ds_v5": 2000, "Standard_D16ds_v5": 4000,
	"Standard_E4ds_v5": 1250, "Standard_E8ds_v5": 2500, "Standard_E16ds_v5": 5000,
	"Standard_L8s_v3": 2750, "Standard_F8": 1750, "Standard_E64ds_v5": 20000,
}

driver := object.get(input, "driver_node_type_id", input.node_type_id)

most := input.autoscale.max_workers if input.autoscale

most := object.get(input, "num_workers", 0) if not input.autoscale

tag(key) := object.get(object.get(input, "custom_tags", {}), key, "")

spot := object.get(input, "azure_attributes", {})

broken contains "R1" if not regex.match(`^1[4-7]\.[0-9]+\.x(-cpu-ml|-photon)?-scala2\.1[23]$`, input.spark_version)

broken contains "R2" if {
	some node in [input.node_type_id, driver]
	object.get(rate, node, 20000) == 20000
}

minutes := object.get(input, "autotermination_minutes", 0)

broken contains "R3" if minutes < 10

broken contains "R3" if minutes > 120

broken contains "R4" if most > 20

broken contains "R5" if object.get(spot, "first_on_demand", 0) < 1

broken contains "R5" if object.get(spot, "availability", "") != "SPOT_WITH_FALLBACK_AZURE"

broken contains "R6" if not regex.match(`^CC-[0-9]{4}$`, tag("CostCenter"))

broken contains "R6" if tag("Team") == ""

broken contains "R6" if not tag("Env") in {"dev", "test", "prod"}

broken contains "R7" if {
	some script in input.init_scripts
	not trusted(script)
}

trusted(script) if startswith(script.workspace.destination, "/Platform/init/")

factor := 2 if input.runtime_engine == "PHOTON"

factor := 1 if not input.runtime_engine == "PHOTON"

broken contains "R8" if ((object.get(rate, input.node_type_id, 20000) * most) + object.get(rate, driver, 20000)) * factor > 60000
