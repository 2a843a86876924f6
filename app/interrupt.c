#include "app/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

static struct {
    volatile sig_atomic_t pending;
    struct timespec first;
    void (*stop)(void *data);
    void *data;
} interrupt;

static void on_interrupt(int number)
{
    (void)number;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!interrupt.pending) {
        interrupt.pending = 1;
        interrupt.first = now;
        if (interrupt.stop)
            interrupt.stop(interrupt.data);
        return;
    }
    // A double press is one wish; a later one says that the first was not heard.
    double waited = (double)(now.tv_sec - interrupt.first.tv_sec) +
                    (double)(now.tv_nsec - interrupt.first.tv_nsec) / 1e9;
    if (waited > 0.5)
        _exit(130);
}

void interrupt_start(void)
{
    // Without SA_RESTART: a read of standard input ends with EINTR.
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

bool interrupt_pending(void)
{
    return interrupt.pending;
}

void interrupt_clear(void)
{
    interrupt.pending = 0;
}

void interrupt_watch(void (*stop)(void *data), void *data)
{
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigprocmask(SIG_BLOCK, &block, &before);
    interrupt.stop = stop;
    interrupt.data = data;
    sigprocmask(SIG_SETMASK, &before, NULL);
}
