import { Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

/** To go back to files that were replaced by mistake. */
const OLD_VERSIONS_KEPT = Duration.days(30);

/**
 * Holds the files of the console. Nobody but CloudFront reads them.
 *
 * It is there without a console too, where it costs nothing: what another stack imports can't go before that stack has
 * been changed, and deployments change this one first.
 */
export class ConsoleBucket extends Construct {
  readonly bucket: IBucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const bucket = new Bucket(this, "Bucket", {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      lifecycleRules: [{ noncurrentVersionExpiration: OLD_VERSIONS_KEPT }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const { partition, account } = Stack.of(this);
    // Any distribution of this account: naming the one would tie this stack to the other, which depends on it.
    bucket.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal("cloudfront.amazonaws.com")],
        actions: ["s3:GetObject"],
        resources: [bucket.arnForObjects("*")],
        conditions: { ArnLike: { "aws:SourceArn": `arn:${partition}:cloudfront::${account}:distribution/*` } },
      }),
    );
    Validations.of(bucket).acknowledge({
      id: "AwsSolutions-S1",
      reason: "Access logs would say who loads the files of the console, which hold nothing secret",
    });
    this.bucket = bucket;
    this.#pinExports();
  }

  /** What the other stack imports when there is a console is exported when there is none, so that it can come and go. */
  #pinExports(): void {
    const stack = Stack.of(this);
    stack.exportValue(this.bucket.bucketName);
    stack.exportValue(this.bucket.bucketRegionalDomainName);
  }
}
