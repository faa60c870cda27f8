/* The floor: one send() for each socket and nothing else. Lines on stdin: "begin", "tick VERSION", "measure", "weigh". */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 65536
static int fds[MOST], count;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long cpu(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void tick(int version) {
  static char frame[1024];
  time_t seconds = time(NULL);
  char at[40];
  strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S.000Z", gmtime(&seconds));
  for (int i = 0; i < count; i++) {
    int place = i + version % 2;
    int length = sprintf(frame + 4,
      "{\"id\":\"1\",\"type\":\"next\",\"payload\":{\"data\":{\"positionUpdated\":{\"entryId\":\"00000000-0000-4000-8000-%012d\","
      "\"ticket\":\"A-%03d\",\"status\":\"WAITING\",\"position\":%d,\"ahead\":%d,\"estimate\":{\"lowMinutes\":%d,"
      "\"likelyMinutes\":%d,\"highMinutes\":%d},\"room\":null,\"version\":%d,\"asOf\":\"%s\"}}}}",
      i, i + 1, place + 1, place, i * 2, i * 3, i * 4, version, at);
    frame[0] = (char)0x81;
    frame[1] = 126;
    frame[2] = (char)(length >> 8);
    frame[3] = (char)length;
    if (send(fds[i], frame, length + 4, MSG_NOSIGNAL) != length + 4) exit(3);
  }
}

static void welcome(int fd) {
  char request[4096];
  int got = 0, one = 1;
  while (got < (int)sizeof request - 1) {
    int more = read(fd, request + got, sizeof request - 1 - got);
    if (more <= 0) { close(fd); return; }
    got += more;
    request[got] = 0;
    if (strstr(request, "\r\n\r\n")) break;
  }
  static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (write(fd, answer, sizeof answer - 1) < 0 || count == MOST) exit(4);
  fds[count++] = fd;
}

int main(void) {
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t size = sizeof at;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&at, size) || listen(listener, 4096)) return 2;
  getsockname(listener, (struct sockaddr *)&at, &size);
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("{\"port\":%d}\n", ntohs(at.sin_port));
  struct pollfd watched[2] = { { listener, POLLIN, 0 }, { 0, POLLIN, 0 } };
  long long began = 0, before = 0;
  char line[256];
  while (poll(watched, 2, -1) >= 0) {
    if (watched[0].revents & POLLIN) welcome(accept(listener, NULL, NULL));
    if (!watched[1].revents) continue;
    int got = read(0, line, sizeof line - 1);
    if (got <= 0) return 0;
    line[got] = 0;
    if (!strncmp(line, "tick ", 5)) {
      before = cpu();
      began = now();
      tick(atoi(line + 5));
    } else if (!strncmp(line, "begin", 5)) {
      before = cpu();
    } else if (!strncmp(line, "measure", 7)) {
      printf("{\"cpu\":%lld,\"at\":\"%lld\"}\n", cpu() - before, began);
    } else {
      struct rusage u;
      getrusage(RUSAGE_SELF, &u);
      printf("{\"bytes\":%lld}\n", u.ru_maxrss * 1024LL);
    }
  }
  return 0;
}
