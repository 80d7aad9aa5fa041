// What each user (by number) has of things that are limited per user.
#pragma once

#include "lib/compiler.h"

enum user_count { USER_MQ_BYTES, USER_INOTIFY_INSTANCES, USER_INOTIFY_WATCHES, USER_COUNTS };

// Adds |n| to what |uid| has unless that makes more than |limit|. 0, -EMFILE or -ENOMEM. Any
// context; with the locks below RANK_USER held.
int __must_check user_charge(uint32_t uid, enum user_count kind, uint64_t n, uint64_t limit);
void user_uncharge(uint32_t uid, enum user_count kind, uint64_t n);
