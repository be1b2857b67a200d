# Databricks notebook source
spark.table("raw.events").write.mode("append").saveAsTable("clean.events")
