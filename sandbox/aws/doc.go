// Package aws is a stand-in for the two services of AWS that give a game its servers: EC2 and EC2 Auto Scaling. It
// speaks their query protocols over HTTP, so that AWS's own library talks to it, and keeps state: groups, launch
// templates, and instances that take their time to start and to end by a clock that is injected.
//
// What it does as AWS does, with where AWS says so:
//
//   - A request must carry a valid Signature Version 4; the service is the one in its credential scope
//     (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
//   - SetDesiredCapacity is refused below the group's minimum and above its maximum, and with HonorCooldown while the
//     group cools down (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetDesiredCapacity.html).
//   - DescribeAutoScalingGroups pages by MaxRecords, 50 unless told and 100 at most
//     (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html), and
//     DescribeAutoScalingInstances by 50 at most
//     (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingInstances.html).
//   - A group's instances go from Pending to InService and by Terminating away
//     (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html), and the group replaces one that ends
//     (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html).
//   - TerminateInstanceInAutoScalingGroup replaces the instance or takes one off the desired capacity, but not below the
//     minimum (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TerminateInstanceInAutoScalingGroup.html).
//   - RunInstances launches between MinCount and MaxCount from a launch template, with tags
//     (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html), and once for one client token
//     (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html).
//   - DescribeInstances filters by tag, tag-key, instance-state-name, instance-id and client-token, with * and ? in values, and pages by 5
//     to 1,000 (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html); a terminated
//     instance is shown for an hour (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html).
//   - DescribeInstanceStatus tells of running instances whether they passed their checks
//     (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html).
//   - What was done may be seen late (https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html):
//     Options.DescribeLag.
//   - Errors have AWS's codes (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html,
//     https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html); throttling, a lack of capacity and
//     lost answers come on demand: Inject, SetAvailable.
package aws
