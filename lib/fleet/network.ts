import { Fn, Validations } from "aws-cdk-lib";
import {
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { Construct } from "constructs";
import type { Configuration } from "../configuration.ts";

export interface NetworkProps {
  readonly network: Configuration["network"];
}

/** Where workers run: a network of their own, in which nothing is billed by the hour, or one that exists already. */
export class Network extends Construct {
  readonly vpc: IVpc;
  readonly subnets: readonly ISubnet[];
  readonly assignPublicIp: boolean;
  /** Lets workers out, and nothing in. */
  readonly securityGroup: ISecurityGroup;

  constructor(scope: Construct, id: string, { network }: NetworkProps) {
    super(scope, id);
    if (network === "public") {
      this.vpc = this.#create();
      this.subnets = this.vpc.publicSubnets;
      this.assignPublicIp = true;
    } else {
      const { vpcId, subnetIds } = network;
      this.vpc = this.#refer(vpcId, subnetIds);
      this.subnets = this.vpc.privateSubnets;
      this.assignPublicIp = network.assignPublicIp;
    }
    this.securityGroup = new SecurityGroup(this, "Workers", {
      vpc: this.vpc,
      description: "Carillon workers: out to anywhere, in from nowhere",
      allowAllOutbound: true,
    });
  }

  /** Public subnets without NAT: an address for each task costs a ninth of a gateway, and nothing while no task runs. */
  #create(): IVpc {
    const vpc = new Vpc(this, "Vpc", {
      ipAddresses: IpAddresses.cidr("10.71.0.0/16"),
      natGateways: 0,
      subnetConfiguration: [{ name: "Public", subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false }],
      // To close the default security group would take a function. Nothing is ever in it.
      restrictDefaultSecurityGroup: false,
      // Free, unlike those for other services, and the shorter way to the table and to image layers.
      gatewayEndpoints: {
        DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
        S3: { service: GatewayVpcEndpointAwsService.S3 },
      },
    });
    Validations.of(vpc).acknowledge({
      id: "AwsSolutions-VPC7",
      reason: "Nothing listens in this network; flow logs of the way out would cost more than the workers' own logs",
    });
    return vpc;
  }

  /** By its ids, as they are: nothing is looked up, so that a synthesis needs no account. */
  #refer(vpcId: string, subnetIds: readonly string[]): IVpc {
    const vpc = Vpc.fromVpcAttributes(this, "Vpc", {
      vpcId,
      // Asked for in equal number, and used by nothing here.
      availabilityZones: subnetIds.map((_, index) => Fn.select(index, Fn.getAzs())),
      privateSubnetIds: [...subnetIds],
    });
    Validations.of(vpc).acknowledge({
      id: "Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId",
      reason: "The route tables of a network that exists are not ours to touch",
    });
    return vpc;
  }
}
