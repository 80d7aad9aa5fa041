// What uname(2) and /proc/sys/kernel tell: the Linux version whose interface this kernel answers
// for.
#pragma once

#define UTS_SYSNAME    "Linux"
#define UTS_NODENAME   "ouro"
#define UTS_RELEASE    "6.18.0-ouro"
#define UTS_VERSION    "#1 SMP PREEMPT_DYNAMIC Ouro"
#define UTS_MACHINE    "x86_64"
#define UTS_DOMAINNAME "(none)"
