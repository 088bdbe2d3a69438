import type { Layout } from './layout.ts';
import { ORDERER_ORGANISATION, ORGANISATIONS, type Organisation } from './organisations.ts';
import { hostPort, type NetworkPlan } from './plan.ts';

/** The profile that `configtxgen` is asked for. */
export const PROFILE = 'Tapwatt';

/**
 * How transactions become blocks. A block waits this long for more; every block costs each peer a synced write, so a
 * shorter wait buys latency with processor time.
 */
const BATCH = { timeoutMs: 100, maxMessages: 500, preferredBytes: '2 MB', absoluteBytes: '10 MB' } as const;
const ELECTION_TICKS = 10;

const signature = (rule: string) => ({ Type: 'Signature', Rule: rule });
const ofAll = (rule: string) => ({ Type: 'ImplicitMeta', Rule: rule });

/** The channel as `configtxgen` reads it. The capabilities are those of 2.0, which 2.5 and 3.1 both have. */
export function channelConfig(plan: NetworkPlan, layout: Layout): unknown {
  return {
    Profiles: {
      [PROFILE]: {
        Policies: {
          Readers: ofAll('ANY Readers'),
          Writers: ofAll('ANY Writers'),
          Admins: ofAll('MAJORITY Admins'),
        },
        Capabilities: { V2_0: true },
        Orderer: ordererConfig(plan, layout),
        Application: {
          Organizations: ORGANISATIONS.map((organisation) =>
            organisationConfig(organisation, { plan, layout }),
          ),
          Policies: {
            Readers: ofAll('ANY Readers'),
            Writers: ofAll('ANY Writers'),
            Admins: ofAll('MAJORITY Admins'),
            // Two of the three must approve another chaincode, or other rules for it.
            LifecycleEndorsement: ofAll('MAJORITY Endorsement'),
            Endorsement: ofAll('MAJORITY Endorsement'),
          },
          Capabilities: { V2_0: true },
        },
      },
    },
  };
}

function ordererConfig(plan: NetworkPlan, layout: Layout): unknown {
  const { mspId } = ORDERER_ORGANISATION;
  return {
    OrdererType: 'etcdraft',
    BatchTimeout: `${BATCH.timeoutMs}ms`,
    BatchSize: {
      MaxMessageCount: BATCH.maxMessages,
      PreferredMaxBytes: BATCH.preferredBytes,
      AbsoluteMaxBytes: BATCH.absoluteBytes,
    },
    EtcdRaft: {
      Consenters: plan.orderers.map(({ name, address }) => {
        const { certificate } = layout.ordererTls(name);
        return {
          Host: address.host,
          Port: address.port,
          ClientTLSCert: certificate,
          ServerTLSCert: certificate,
        };
      }),
      Options: {
        TickInterval: `${plan.raftTickMs}ms`,
        ElectionTick: ELECTION_TICKS,
        HeartbeatTick: 1,
        MaxInflightBlocks: 5,
        SnapshotIntervalSize: '16 MB',
      },
    },
    Organizations: [
      {
        Name: mspId,
        ID: mspId,
        MSPDir: `${layout.ordererOrganisation()}/msp`,
        OrdererEndpoints: plan.orderers.map(({ address }) => hostPort(address)),
        Policies: {
          Readers: signature(`OR('${mspId}.member')`),
          Writers: signature(`OR('${mspId}.member')`),
          Admins: signature(`OR('${mspId}.admin')`),
        },
      },
    ],
    Policies: {
      Readers: ofAll('ANY Readers'),
      Writers: ofAll('ANY Writers'),
      Admins: ofAll('MAJORITY Admins'),
      BlockValidation: ofAll('ANY Writers'),
    },
    Capabilities: { V2_0: true },
  };
}

function organisationConfig(
  { name, mspId }: Organisation,
  { plan, layout }: { readonly plan: NetworkPlan; readonly layout: Layout },
): unknown {
  return {
    Name: mspId,
    ID: mspId,
    MSPDir: layout.organisationMsp(name),
    // Peers of other organisations meet this one here; without it no gateway finds two organisations to endorse.
    AnchorPeers: plan.peers
      .filter(({ organisation }) => organisation === name)
      .map(({ address }) => ({ Host: address.host, Port: address.port })),
    Policies: {
      Readers: signature(`OR('${mspId}.admin', '${mspId}.peer', '${mspId}.client')`),
      Writers: signature(`OR('${mspId}.admin', '${mspId}.client')`),
      Admins: signature(`OR('${mspId}.admin')`),
      Endorsement: signature(`OR('${mspId}.peer')`),
    },
  };
}
