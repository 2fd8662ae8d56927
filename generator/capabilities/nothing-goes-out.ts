/** A group without a rule for egress gets one that allows all of it. This one matches no packet. */
export const nothingGoesOut = [
  {
    IpProtocol: 'icmp',
    FromPort: 252,
    ToPort: 86,
    CidrIp: '255.255.255.255/32',
    Description: 'Nothing goes out: without a rule all would',
  },
] as const;
