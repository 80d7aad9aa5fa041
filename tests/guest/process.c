// Identity, limits, names, scheduling: what a lone process learns about itself.
//
// needs: root
#include "t.h"
#include <asm/prctl.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

int main(void)
{
	struct rlimit rl;
	struct rusage ru;
	struct utsname u;
	struct sysinfo si;
	char name[32] = "";
	unsigned long fs = 0;
	cpu_set_t set;
	int sig = -1;

	IS(getpid() > 1 && getppid() > 0 && getpid() == (int)syscall(SYS_gettid));
	R(getpgid(0) == getpgrp());
	R(getpgid(-1));
	R(getpgid(999999));
	R(getsid(999999));
	R(getuid());
	R(geteuid());
	R(getgid());
	R(getegid());
	uid_t r, e, s;
	R(getresuid(&r, &e, &s));
	R(syscall(SYS_getresuid, 1, &e, &s));
	R(umask(027));
	R(umask(01777));
	R(umask(022));
	R(personality(0xffffffff));
	R(personality(ADDR_NO_RANDOMIZE));
	R(personality(0xffffffff));
	R(personality(0));
	R(prctl(PR_SET_NAME, "a name that is too long"));
	R(prctl(PR_GET_NAME, name));
	printf("name \"%s\"\n", name);
	R(prctl(PR_SET_NAME, 1));
	R(prctl(PR_GET_DUMPABLE));
	R(prctl(PR_SET_DUMPABLE, 2));
	R(prctl(PR_SET_DUMPABLE, 1));
	R(prctl(PR_GET_PDEATHSIG, &sig));
	R(prctl(PR_SET_PDEATHSIG, 65));
	R(prctl(PR_GET_KEEPCAPS));
	R(prctl(PR_CAPBSET_READ, 99));
	R(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	R(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
	R(prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0));
	R(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	R(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	R(prctl(PR_GET_TIMERSLACK));
	R(prctl(9999));
	R(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs));
	IS(fs != 0);
	R(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x1234));
	R(syscall(SYS_arch_prctl, ARCH_GET_GS, &fs));
	IS(fs == 0x1234);
	R(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x800000000000));
	R(syscall(SYS_arch_prctl, ARCH_GET_GS, 1));
	R(syscall(SYS_arch_prctl, 0x9999, 1));
	R(getrlimit(RLIMIT_NOFILE, &rl));
	R(getrlimit(99, &rl));
	R(syscall(SYS_getrlimit, RLIMIT_CORE, 1));
	R(getrlimit(RLIMIT_STACK, &rl));
	printf("stack %ld\n", (long)rl.rlim_cur);
	rl.rlim_cur = 100;
	rl.rlim_max = 50;
	R(setrlimit(RLIMIT_CORE, &rl));
	rl.rlim_max = 200;
	R(setrlimit(RLIMIT_CORE, &rl));
	R(getrlimit(RLIMIT_CORE, &rl));
	printf("core %ld %ld\n", (long)rl.rlim_cur, (long)rl.rlim_max);
	R(syscall(SYS_prlimit64, 0, 99, NULL, NULL));
	R(syscall(SYS_prlimit64, 999999, 0, NULL, NULL));
	R(syscall(SYS_prlimit64, 0, 0, 1, NULL));
	R(syscall(SYS_prlimit64, 0, 0, NULL, 1));
	R(getrusage(RUSAGE_SELF, &ru));
	IS(ru.ru_maxrss > 0 && ru.ru_minflt > 0);
	R(getrusage(RUSAGE_CHILDREN, &ru));
	R(getrusage(99, &ru));
	R(syscall(SYS_getrusage, 0, 1));
	R(uname(&u));
	printf("%s %s\n", u.sysname, u.machine);
	R(syscall(SYS_uname, 1));
	R(sysinfo(&si));
	IS(si.totalram > 0 && si.freeram <= si.totalram && si.mem_unit == 1 && si.procs > 0);
	R(syscall(SYS_sched_getaffinity, 0, 1, &set));
	R(syscall(SYS_sched_getaffinity, 0, 12, &set));
	R(syscall(SYS_sched_getaffinity, 999999, 128, &set));
	R(syscall(SYS_sched_getaffinity, 0, 128, 1));
	IS(syscall(SYS_sched_getaffinity, 0, 128, &set) > 0 && CPU_ISSET(0, &set));
	R(syscall(SYS_sched_setaffinity, 0, 128, &set));
	CPU_ZERO(&set);
	R(syscall(SYS_sched_setaffinity, 0, 128, &set));
	R(syscall(SYS_sched_getscheduler, 0));
	R(sched_get_priority_max(1));
	R(sched_get_priority_min(2));
	R(sched_get_priority_max(0));
	R(sched_get_priority_max(99));
	R(sched_yield());
	R(getpriority(PRIO_PROCESS, 0));
	R(getpriority(9, 0));
	R(syscall(SYS_getcpu, NULL, NULL, NULL));
	R(syscall(SYS_getcpu, 1, NULL, NULL));
	R(syscall(SYS_wait4, -1, NULL, 0, NULL));
	R(syscall(SYS_wait4, -1, NULL, 0x100, NULL));
	R(syscall(SYS_waitid, 0, 0, NULL, 4, NULL));
	R(syscall(SYS_waitid, 9, 0, NULL, 4, NULL));
	R(syscall(SYS_waitid, 0, 0, NULL, 0, NULL));
	R(syscall(SYS_set_robust_list, NULL, 1));
	R(syscall(SYS_getrandom, name, 16, 0));
	R(syscall(SYS_getrandom, name, 0, 0));
	R(syscall(SYS_getrandom, name, 16, 6));
	R(syscall(SYS_getrandom, name, 16, 8));
	R(syscall(SYS_getrandom, 1, 16, 0));
	R(syscall(SYS_getrandom, 1, 0, 0));
	R(syscall(400));
	R(syscall(1000));
	R(syscall(-1));
	R(syscall(SYS_getgroups, 0, NULL) >= 0);
	R(syscall(SYS_getgroups, -1, NULL));
	R(syscall(SYS_sync));
	R(syscall(0xffffffff00000027) == getpid());
	return 0;
}
