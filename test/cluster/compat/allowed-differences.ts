/** Every answer in which Lattice may differ from etcd 3.4, with the reason. */
import type { AllowedDifference } from "./compare.ts";

const HEADER = /"header":\{[^{}]*\}[,}]|^\{\}$|^\{|\}$/gm;
const NO_HEADER = "etcd leaves the header out there; it is in all of our answers";
const NEWER = "as etcd 3.5 and later";

export const allowedDifferences: readonly AllowedDifference[] = [
  {
    script: "maintenance",
    asked: /^etcdctl snapshot status/,
    reason: "a backup is in a format of our own; `snapshot status` reads etcd's database file",
  },
  { script: "maintenance", asked: /^etcdctl alarm list -w json/, reason: NO_HEADER, except: HEADER },
  {
    script: "probe-keys",
    asked: /"sortOrder":9/,
    reason: `an order that there is not is refused, ${NEWER}`,
  },
  {
    script: "probe-watch",
    asked: /"startRevision":"5".*message 2/,
    reason:
      "a deletion at the revision that was compacted is still told to who asks from there on; etcd loses it (its issue 19179)",
  },
  {
    script: "probe-cluster",
    asked: /Maintenance\/(Alarm|MoveLeader|Defragment)/,
    reason: NO_HEADER,
    except: HEADER,
  },
  {
    script: "probe-cluster",
    asked: /HashKV/,
    reason: `it says which revision the hash is of, ${NEWER}`,
    except: /,"hashRevision":"\d+"/g,
  },
  {
    script: "probe-cluster",
    asked: /^nonsense/,
    reason: "a path without a method is unimplemented, as newer versions of gRPC have it",
    except: /error \d+/g,
  },
  { script: "probe-auth", asked: /Maintenance\/Alarm/, reason: NO_HEADER, except: HEADER },
  {
    script: "probe-auth",
    asked: /MemberAdd/,
    reason: "who may do nothing is told so before what he asks for is looked at",
  },
];
