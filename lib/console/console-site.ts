import { Fn, Validations } from "aws-cdk-lib";
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  HttpVersion,
  OriginRequestPolicy,
  PriceClass,
  ResponseHeadersPolicy,
  ViewerProtocolPolicy,
} from "aws-cdk-lib/aws-cloudfront";
import { HttpOrigin, S3BucketOrigin } from "aws-cdk-lib/aws-cloudfront-origins";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import type { HttpApi } from "../api/http-api.ts";
import type { ConsoleBucket } from "../storage/console-bucket.ts";

export interface ConsoleSiteProps {
  readonly files: ConsoleBucket;
  readonly api: HttpApi;
}

/** The web console: its files from the bucket, and the API under the same address, so that no other site is involved. */
export class ConsoleSite extends Construct {
  readonly distribution: Distribution;

  constructor(scope: Construct, id: string, { files, api }: ConsoleSiteProps) {
    super(scope, id);
    // A reference: the bucket's own stack says who may read it.
    const bucket = Bucket.fromBucketAttributes(this, "Files", {
      bucketName: files.bucket.bucketName,
      bucketRegionalDomainName: files.bucket.bucketRegionalDomainName,
    });
    this.distribution = new Distribution(this, "Distribution", {
      comment: "Carillon console",
      defaultRootObject: "index.html",
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PriceClass.PRICE_CLASS_100,
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(bucket),
        viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        responseHeadersPolicy: ResponseHeadersPolicy.SECURITY_HEADERS,
      },
      additionalBehaviors: {
        "/v1/*": {
          origin: new HttpOrigin(Fn.select(2, Fn.split("/", api.url))),
          viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
          allowedMethods: AllowedMethods.ALLOW_ALL,
          cachePolicy: CachePolicy.CACHING_DISABLED,
          originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        },
      },
    });
    this.#acknowledge();
  }

  #acknowledge(): void {
    Validations.of(this).acknowledge({
      id: "Annotation::@aws-cdk/aws-cloudfront-origins:updateImportedBucketPolicyOac",
      reason: "The bucket's own stack lets CloudFront read it",
    });
    Validations.of(this.distribution).acknowledge(
      { id: "AwsSolutions-CFR1", reason: "Who may use the console depends on tokens, not on countries" },
      { id: "AwsSolutions-CFR2", reason: "A firewall is billed by the month; the free plan of CloudFront brings one" },
      { id: "AwsSolutions-CFR3", reason: "Requests to the API are logged by API Gateway; the rest are public files" },
      {
        id: "AwsSolutions-CFR4",
        reason: "The default certificate of CloudFront allows no other rule; a domain of one's own does",
      },
    );
  }
}
