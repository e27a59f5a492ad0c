"""moto's server with one change: it has no Lambda runtime, so a custom resource (the trigger of migrations) is answered as if its
function had run, and said so on standard output. What such a function does is shown by `npm run test:lambda`, not here."""

import sys

from moto.cloudformation import cloudformation_backends
from moto.cloudformation.custom_model import CustomModel
from moto.moto_api._internal import mock_random
from moto.server import main


def create_without_running(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
    resource = CustomModel(region_name, str(mock_random.uuid4()), kwargs["LogicalId"], resource_name)
    cloudformation_backends[account_id][region_name].get_stack(kwargs["StackId"]).add_custom_resource(resource)
    resource.set_data({})
    print(f"custom resource answered without running: {kwargs['LogicalId']}", flush=True)
    return resource


CustomModel.create_from_cloudformation_json = classmethod(create_without_running)

if __name__ == "__main__":
    main(sys.argv[1:])
