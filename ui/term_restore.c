// The record of how to leave the terminal, and the crash handler. Its own file, because all of it
// runs in signal handlers: only calls that POSIX allows there, and no locks.
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "ui/term_internal.h"

static struct {
    volatile sig_atomic_t active;
    int fd;
    struct termios ordinary;
    char leave[512];
    size_t size;
} record;

bool restore_prepare(int fd, const struct termios *ordinary, const char *leave)
{
    record.active = 0;
    record.size = strlen(leave);
    if (record.size > sizeof(record.leave))
        return false;
    memcpy(record.leave, leave, record.size);
    record.fd = fd;
    record.ordinary = *ordinary;
    record.active = 1;
    return true;
}

void term_restore(void)
{
    if (!record.active)
        return;
    record.active = 0;
    int kept = errno;
    size_t done = 0;
    while (done < record.size) {
        ssize_t n = write(record.fd, record.leave + done, record.size - done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    while (tcsetattr(record.fd, TCSANOW, &record.ordinary) < 0 && errno == EINTR)
        ;
    errno = kept;
}

static void on_crash(int signal_number)
{
    term_restore();
    // The default action was put back when the handler was called.
    raise(signal_number);
}

void term_guard_crashes(void)
{
    // Of the calling thread, whose deep stack may be what failed.
    static char stack[64 << 10];
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_handler = on_crash,
                               .sa_flags = SA_ONSTACK | (int)SA_RESETHAND | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    sigaltstack(&alternate, NULL);
    for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
        sigaction(crashes[i], &action, NULL);
}
